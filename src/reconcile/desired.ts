import type { DriverContext, LocalPort } from "../drivers/driver.ts";
import { forwardDropped } from "../drivers/forward.ts";
import { compileHost, type GatewayPool } from "../drivers/gateway.ts";
import { vxlanOverheadBytes } from "../drivers/overlay.ts";
import { driverOf } from "../drivers/registry.ts";
import { compileSandbox } from "../drivers/sandbox.ts";
import type { Attachment, Endpoint, EndpointId, Sandbox, SandboxId } from "../model/endpoint.ts";
import type { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import type { Network, NetworkId } from "../model/network.ts";
import { type FragmentId, Fragments } from "./fragments.ts";
import type { Surroundings } from "./surroundings.ts";
import type { View, ViewChange } from "./view.ts";

/** What of the desired state comes from this host itself. */
export interface HostFactsWanted {
	readonly self: Host;
	readonly gatewayPool: GatewayPool;
	surroundings(): Surroundings;
	/** Whether a sandbox's namespace can be worked in. */
	isPresent(sandbox: Sandbox): boolean;
}

const hostFragment = "host";
const noSurroundings: Surroundings = { forwardFilters: [], uplinks: [] };

/** Compiles the view into fragments of desired kernel state: of each change, only what it touches. */
export class Desired {
	readonly fragments = new Fragments();
	/** What of the surroundings stands in the way, and cannot be moved. */
	problems: readonly WeftError[] = [];
	readonly #facts: HostFactsWanted;
	/** As last read; absent when they may have changed since. */
	#surroundings: Surroundings | undefined;
	readonly #stale = new Map<FragmentId, () => void>();

	constructor(facts: HostFactsWanted) {
		this.#facts = facts;
		this.#touchHost();
	}

	/** The firewall chains of other programs, or the host's interfaces, may have changed: they are read again when they matter. */
	touchSurroundings(): void {
		this.#surroundings = undefined;
		this.#touchHost();
	}

	#touchHost(): void {
		this.#touch(hostFragment, () => {});
	}

	/** Notes what a change of the view makes stale. */
	note(view: View, change: ViewChange): void {
		switch (change.kind) {
			case "host":
				this.#noteHost(view);
				break;
			case "sandbox":
				this.#noteSandbox(view, change.id, change.before?.attachments ?? []);
				break;
			case "network":
				this.#touchNetwork(view, change.id);
				break;
			case "endpoint":
				this.#touchEndpoint(view, change.networkId, change.id);
				this.#touchSandboxOf(view, change.networkId, change.id, change.before);
				// The first local endpoint brings the network, the last one takes it away.
				if (this.#isLocal(view, change.networkId) !== this.fragments.has(networkFragment(change.networkId)))
					this.#touchNetwork(view, change.networkId);
				break;
			case "liveness":
				break;
		}
	}

	/** Compiles what is stale. */
	refresh(view: View): void {
		for (const [id, compile] of [...this.#stale]) {
			this.#stale.delete(id);
			if (id === hostFragment) this.#compileHost(view);
			else compile();
		}
	}

	#touch(id: FragmentId, compile: () => void): void {
		this.#stale.set(id, compile);
	}

	#noteHost(view: View): void {
		this.#touchHost();
		for (const id of view.networkIds()) this.#touchNetwork(view, id);
	}

	/** The first endpoint with a way out brings it to the sandbox. */
	#touchSandboxOf(view: View, networkId: NetworkId, id: EndpointId, before: Endpoint | undefined): void {
		const { sandboxId } = view.endpoints(networkId).get(id) ?? before ?? {};
		if (sandboxId !== undefined && view.sandboxes.has(sandboxId)) this.#touchSandbox(view, sandboxId);
	}

	#touchSandbox(view: View, id: SandboxId): void {
		this.#touchHost();
		this.#touch(`sandbox ${id}`, () => {
			const sandbox = view.sandboxes.get(id);
			const wanted = sandbox !== undefined && this.#facts.isPresent(sandbox);
			this.fragments.set(
				`sandbox ${id}`,
				wanted ? compileSandbox(sandbox, hasWayOut(view, sandbox) ? this.#facts.gatewayPool : undefined) : [],
			);
		});
	}

	#noteSandbox(view: View, id: SandboxId, before: readonly Attachment[]): void {
		this.#touchSandbox(view, id);
		for (const { networkId, endpointId } of [...before, ...(view.sandboxes.get(id)?.attachments ?? [])]) {
			this.#touchEndpoint(view, networkId, endpointId);
			if (this.#isLocal(view, networkId) !== this.fragments.has(networkFragment(networkId)))
				this.#touchNetwork(view, networkId);
		}
	}

	#touchNetwork(view: View, id: NetworkId): void {
		this.#touchHost();
		this.#touch(networkFragment(id), () => {
			const network = view.network(id);
			const wanted = network !== undefined && this.#isLocal(view, id);
			this.fragments.set(
				networkFragment(id),
				wanted ? driverOf(network.driver).compileNetwork(network, this.#context(view, network)) : [],
			);
		});
		for (const endpointId of view.endpoints(id).keys()) this.#touchEndpoint(view, id, endpointId);
	}

	#touchEndpoint(view: View, networkId: NetworkId, endpointId: string): void {
		const fragment = `endpoint ${networkId} ${endpointId}`;
		this.#touch(fragment, () => {
			const network = view.network(networkId);
			const endpoint = view.endpoints(networkId).get(endpointId);
			const wanted = network !== undefined && endpoint !== undefined && this.#isLocal(view, networkId);
			this.fragments.set(
				fragment,
				wanted ? driverOf(network.driver).compileEndpoint(network, endpoint, this.#context(view, network)) : [],
			);
		});
	}

	/** @returns Whether a sandbox of this host has an endpoint in the network: only then the host holds it. */
	#isLocal(view: View, id: NetworkId): boolean {
		const endpoints = view.endpoints(id);
		for (const { attachments } of view.sandboxes.values())
			for (const { networkId, endpointId } of attachments)
				if (networkId === id && endpoints.has(endpointId)) return true;
		return false;
	}

	#context(view: View, network: Network): DriverContext {
		const { self } = this.#facts;
		return {
			hostId: self.id,
			mtuBytes: network.mtuBytes ?? overlayMtuBytes(self, view.hosts.values()),
			vtepOf: (id) => (id === self.id ? self.vtep : view.hosts.get(id)?.vtep),
			localOf: (endpoint) => this.#localPort(view, endpoint),
		};
	}

	#localPort(view: View, endpoint: Endpoint): LocalPort | undefined {
		const sandbox = view.sandboxes.get(endpoint.sandboxId);
		const attachment = sandbox?.attachments.find(({ endpointId }) => endpointId === endpoint.id);
		if (sandbox === undefined || attachment === undefined || !this.#facts.isPresent(sandbox)) return undefined;
		return { attachment, netns: sandbox.netns };
	}

	#compileHost(view: View): void {
		const { self, gatewayPool } = this.#facts;
		const wayOut = [...view.sandboxes.values()].some((sandbox) => hasWayOut(view, sandbox));
		const member = [...view.networkIds()].some((id) => this.#isLocal(view, id));
		if (wayOut) this.#surroundings ??= this.#facts.surroundings();
		const { forwardFilters, uplinks } = (wayOut ? this.#surroundings : undefined) ?? noSurroundings;
		this.problems = forwardFilters.filter(({ owned }) => owned).map((filter) => forwardDropped(filter, uplinks));
		const vteps = new Set([...view.hosts.values()].map(({ vtep }) => vtep).concat(self.vtep));
		this.fragments.set(
			hostFragment,
			compileHost({
				...(wayOut ? { gateway: gatewayPool } : {}),
				...(member || wayOut ? { vteps: [...vteps] } : {}),
				forwardFilters,
				uplinks,
			}),
		);
	}
}

/** Whether an endpoint of the sandbox is there that brings it a way out: what was only noted so far may not come. */
function hasWayOut(view: View, { attachments }: Sandbox): boolean {
	return attachments.some(({ wayOut, networkId, endpointId }) => wayOut && view.endpoints(networkId).has(endpointId));
}

function networkFragment(id: NetworkId): FragmentId {
	return `network ${id}`;
}

/** The largest frame that every member's underlay carries, so that no two hosts disagree about a network. */
export function overlayMtuBytes(self: Host, hosts: Iterable<Host>): number {
	let least = self.underlayMtuBytes;
	for (const { underlayMtuBytes } of hosts) least = Math.min(least, underlayMtuBytes);
	return least - vxlanOverheadBytes;
}
