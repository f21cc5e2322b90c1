import { randomBytes } from "node:crypto";
import pino from "pino";
import { controlContext } from "../../../src/agent/control-context.ts";
import { Membership } from "../../../src/agent/membership.ts";
import { Released } from "../../../src/agent/released.ts";
import { joinEndpoint } from "../../../src/control/join-endpoint.ts";
import { addSandbox } from "../../../src/control/sandbox.ts";
import { openFakeKernel } from "../../../src/kernel/fake.ts";
import { ipv4FromNumber } from "../../../src/model/address.ts";
import type { Host } from "../../../src/model/host.ts";
import { Reconciler } from "../../../src/reconcile/reconciler.ts";
import { openEtcdStore } from "../../../src/store/etcd.ts";
import { openMemoryStore } from "../../../src/store/sqlite.ts";
import { sampleHost } from "../../samples.ts";
import { samplePool } from "../../worlds.ts";

const log = pino({ level: "warn" });

/** One agent as far as the store sees it: real membership, control, view and reconciling over a connection of its own; a fake kernel. */
export interface SimulatedAgent {
	/** @param networks Names. Joins `count` containers, spread evenly over them, one after the other. */
	join(networks: readonly string[], count: number): Promise<void>;
	/** @returns The endpoints that it knows of, its own too. */
	endpoints(): number;
	/** @returns The members that it knows of. */
	hosts(): number;
	/** Resolves when its kernel holds what it knows. */
	settled(): Promise<void>;
	close(): Promise<void>;
}

function fail(error: unknown): never {
	throw error;
}

/** @param n Tells the hosts apart. */
export async function startAgent(n: number, url: string): Promise<SimulatedAgent> {
	const store = openEtcdStore("etcd://bench", [url]);
	const local = openMemoryStore();
	const id = randomBytes(16).toString("hex");
	const self: Host = { ...sampleHost(1), id, name: `host${n}`, vtep: ipv4FromNumber(0x0a_40_00_00 + n) };
	const kernel = openFakeKernel();
	const released = new Released(() => Date.now());
	const reconciler = new Reconciler({
		store,
		local,
		kernel,
		self,
		gatewayPool: samplePool,
		onChange: (change, view) => released.note(view, change),
		onBatch: () => {},
		onRound: () => {},
		onStuck: () => {},
		onRestored: () => {},
		onDamaged: fail,
		onMended: () => {},
		onError: fail,
	});
	const { view, loop } = reconciler;
	const control = controlContext({ store, local, self, gatewaySubnet: samplePool.subnet }, view, released);
	const membership = new Membership({ store, self, epoch: 1, leaseSeconds: undefined, onReturn: () => {}, log });
	await reconciler.start();
	return {
		async join(networks, count) {
			for (let i = 0; i < count; i++) {
				const sandboxId = control.randomId();
				const name = `box${n}-${i}`;
				const netns = `weft-${sandboxId.slice(0, 12)}`;
				await addSandbox(local, { id: sandboxId, name, netns, owned: true, attachments: [] });
				const network = networks[i % networks.length] ?? "";
				const { endpoint } = await joinEndpoint(control, { sandboxId, network, name, aliases: [] });
				await loop.applied(endpoint.id, 10_000);
			}
		},
		endpoints: () => [...view.networkIds()].reduce((sum, network) => sum + view.endpoints(network).size, 0),
		hosts: () => view.hosts.size,
		settled: () => loop.settled(),
		async close() {
			membership.close();
			await reconciler.close();
			await store.close();
		},
	};
}
