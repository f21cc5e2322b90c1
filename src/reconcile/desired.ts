import type { DriverContext, LocalPort } from "../drivers/driver.ts";
import { forwardDropped } from "../drivers/forward.ts";
import { compileHost, type GatewayPool } from "../drivers/gateway.ts";
import { vxlanOverheadBytes } from "../drivers/overlay.ts";
import { driverOf } from "../drivers/registry.ts";
import { compileSandbox } from "../drivers/sandbox.ts";
import type { Endpoint, EndpointId, Sandbox, SandboxId } from "../model/endpoint.ts";
import type { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import type { Network, NetworkId } from "../model/network.ts";
import { Fragments } from "./fragments.ts";
import { Locals } from "./locals.ts";
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

/**
 * Compiles the view into fragments of desired kernel state: of each change, only what it touches. The fragment of a network, an
 * endpoint or a sandbox has its id.
 */
export class Desired {
	readonly fragments = new Fragments();
	/** What of the surroundings stands in the way, and cannot be moved. */
	problems: readonly WeftError[] = [];
	readonly #facts: HostFactsWanted;
	/** As last read; absent when they may have changed since. */
	#surroundings: Surroundings | undefined;
	readonly #locals = new Locals();
	/** Sandboxes that have a way out. */
	readonly #waysOut = new Set<SandboxId>();
	readonly #stale = {
		host: true,
		/** With all of their endpoints. */
		networks: new Set<NetworkId>(),
		endpoints: new Map<EndpointId, NetworkId>(),
		sandboxes: new Set<SandboxId>(),
	};

	constructor(facts: HostFactsWanted) {
		this.#facts = facts;
	}

	/** The firewall chains of other programs, or the host's interfaces, may have changed: they are read again when they matter. */
	touchSurroundings(): void {
		this.#surroundings = undefined;
		this.#stale.host = true;
	}

	/** Notes what a change of the view makes stale. */
	note(view: View, change: ViewChange): void {
		switch (change.kind) {
			case "host":
				this.#noteHost(view, view.hosts.get(change.id), change.before);
				break;
			case "sandbox":
				this.#noteSandbox(view, change.id, change.before);
				break;
			case "network":
				this.#stale.networks.add(change.id);
				break;
			case "endpoint":
				this.#noteEndpoint(view, change.networkId, change.id);
				break;
			case "liveness":
				break;
		}
	}

	#noteHost(view: View, now: Host | undefined, before: Host | undefined): void {
		if (now?.vtep === before?.vtep && now?.underlayMtuBytes === before?.underlayMtuBytes) return;
		this.#stale.host = true;
		for (const id of view.networkIds()) this.#stale.networks.add(id);
	}

	#noteSandbox(view: View, id: SandboxId, before: Sandbox | undefined): void {
		const [was, is] = [before?.attachments ?? [], view.sandboxes.get(id)?.attachments ?? []];
		this.#stale.sandboxes.add(id);
		for (const { networkId, endpointId } of [...was, ...is]) this.#stale.endpoints.set(endpointId, networkId);
		for (const network of this.#locals.noteSandbox(view, id, was, is)) this.#stale.networks.add(network);
	}

	#noteEndpoint(view: View, networkId: NetworkId, id: EndpointId): void {
		this.#stale.endpoints.set(id, networkId);
		// The first local endpoint brings the network, and the first with a way out brings that; the last one takes it away.
		for (const network of this.#locals.noteEndpoint(view, networkId, id)) this.#stale.networks.add(network);
		const sandbox = this.#locals.sandboxOf(id);
		if (sandbox !== undefined) this.#stale.sandboxes.add(sandbox);
	}

	/** Compiles what is stale. */
	refresh(view: View): void {
		const stale = this.#stale;
		for (const id of stale.networks) {
			this.#compileNetwork(view, id);
			for (const endpoint of view.endpoints(id).keys()) stale.endpoints.set(endpoint, id);
		}
		for (const [id, network] of stale.endpoints) this.#compileEndpoint(view, network, id);
		for (const id of stale.sandboxes) this.#compileSandbox(view, id);
		if (stale.host) this.#compileHost(view);
		stale.host = false;
		for (const some of [stale.networks, stale.endpoints, stale.sandboxes]) some.clear();
	}

	#compileNetwork(view: View, id: NetworkId): void {
		const network = view.network(id);
		const wanted = network !== undefined && this.#locals.has(id);
		if (wanted !== this.fragments.has(id)) this.#stale.host = true;
		this.fragments.set(
			id,
			wanted ? driverOf(network.driver).compileNetwork(network, this.#context(view, network)) : [],
		);
	}

	#compileEndpoint(view: View, networkId: NetworkId, id: EndpointId): void {
		const network = view.network(networkId);
		const endpoint = view.endpoints(networkId).get(id);
		const wanted = network !== undefined && endpoint !== undefined && this.#locals.has(networkId);
		this.fragments.set(
			id,
			wanted ? driverOf(network.driver).compileEndpoint(network, endpoint, this.#context(view, network)) : [],
		);
	}

	#compileSandbox(view: View, id: SandboxId): void {
		const sandbox = view.sandboxes.get(id);
		const wayOut = sandbox !== undefined && hasWayOut(view, sandbox);
		if (wayOut !== this.#waysOut.has(id)) this.#stale.host = true;
		if (wayOut) this.#waysOut.add(id);
		else this.#waysOut.delete(id);
		const wanted = sandbox !== undefined && this.#facts.isPresent(sandbox);
		this.fragments.set(id, wanted ? compileSandbox(sandbox, wayOut ? this.#facts.gatewayPool : undefined) : []);
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
		const wayOut = this.#waysOut.size > 0;
		if (wayOut) this.#surroundings ??= this.#facts.surroundings();
		const { forwardFilters, uplinks } = (wayOut ? this.#surroundings : undefined) ?? noSurroundings;
		this.problems = forwardFilters.filter(({ owned }) => owned).map((filter) => forwardDropped(filter, uplinks));
		const vteps = new Set([...view.hosts.values()].map(({ vtep }) => vtep).concat(self.vtep));
		this.fragments.set(
			hostFragment,
			compileHost({
				...(wayOut ? { gateway: gatewayPool } : {}),
				...(this.#locals.networks > 0 || wayOut ? { vteps: [...vteps] } : {}),
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

/** The largest frame that every member's underlay carries, so that no two hosts disagree about a network. */
export function overlayMtuBytes(self: Host, hosts: Iterable<Host>): number {
	let least = self.underlayMtuBytes;
	for (const { underlayMtuBytes } of hosts) least = Math.min(least, underlayMtuBytes);
	return least - vxlanOverheadBytes;
}
