import fc from "fast-check";
import { compile, type DriverContext } from "../src/drivers/driver.ts";
import { compileHost, type GatewayPool, hostGuard, vtepElement } from "../src/drivers/gateway.ts";
import { overlay } from "../src/drivers/overlay.ts";
import { compileSandbox } from "../src/drivers/sandbox.ts";
import { ipv4 } from "../src/model/address.ts";
import type { Sandbox } from "../src/model/endpoint.ts";
import { type KernelState, kernelState } from "../src/model/kernel-state.ts";
import { prefix } from "../src/model/prefix.ts";
import { sampleEndpoint, sampleHost, sampleNetwork, sampleSandbox } from "./samples.ts";

/** What a cluster may look like from host1: which of three networks each of six containers is in, and on which host it runs. */
export interface World {
	readonly containers: readonly {
		readonly host: number;
		readonly networks: readonly number[];
		readonly wayOut: boolean;
	}[];
	readonly mtuBytes: number;
}

export const worlds: fc.Arbitrary<World> = fc.record({
	containers: fc.array(
		fc.record({
			host: fc.integer({ min: 1, max: 3 }),
			networks: fc.subarray([0, 1, 2]),
			wayOut: fc.boolean(),
		}),
		{ maxLength: 6 },
	),
	mtuBytes: fc.constantFrom(1450, 1350),
});

export const samplePool: GatewayPool = {
	subnet: prefix("172.18.0.0/16"),
	gateway: ipv4("172.18.0.1"),
	mtuBytes: 1500,
};

/** @returns What host1's kernel must hold in that world. */
export function stateOf(world: World): KernelState {
	const host1 = sampleHost(1);
	const networks = [0, 1, 2].map((n) => sampleNetwork(n));
	const containers = world.containers.map((container, i) => ({ ...container, n: i + 2 }));
	const sandboxes = new Map<string, Sandbox>();
	for (const { host, n, networks: joined, wayOut } of containers) {
		if (host !== 1) continue;
		const { gateway, ...bare } = sampleSandbox(
			n,
			joined.map((k) => sampleNetwork(k)),
		);
		const sandbox = wayOut && gateway !== undefined ? { ...bare, gateway } : bare;
		sandboxes.set(sandbox.id, sandbox);
	}
	const resources = networks.flatMap((network, k) => {
		const endpoints = containers
			.filter((container) => container.networks.includes(k))
			.map(({ n, host }) => sampleEndpoint(network, n, sampleHost(host)));
		const context: DriverContext = {
			hostId: host1.id,
			mtuBytes: world.mtuBytes,
			vtepOf: (id) => [1, 2, 3].map(sampleHost).find((host) => host.id === id)?.vtep,
			localOf: (endpoint) => {
				const sandbox = sandboxes.get(endpoint.sandboxId);
				const attachment = sandbox?.attachments.find(({ networkId }) => networkId === network.id);
				return sandbox === undefined || attachment === undefined ? undefined : { attachment, netns: sandbox.netns };
			},
		};
		return [...compile(overlay, network, endpoints, context).values()];
	});
	const wayOut = [...sandboxes.values()].some(({ gateway }) => gateway !== undefined);
	return kernelState([
		...resources,
		...[...sandboxes.values()].flatMap((sandbox) => compileSandbox(sandbox, samplePool)),
		...(sandboxes.size > 0
			? [hostGuard(wayOut ? samplePool : undefined), ...[1, 2, 3].map((n) => vtepElement(sampleHost(n).vtep))]
			: []),
		...compileHost({
			...(wayOut ? { gateway: samplePool } : {}),
			forwardFilters: [],
			uplinks: [],
		}),
	]);
}
