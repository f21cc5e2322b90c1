import type { DriverContext, LocalPort } from "../drivers/driver.ts";
import { vxlanOverheadBytes } from "../drivers/overlay.ts";
import { driverOf } from "../drivers/registry.ts";
import { compileSandbox } from "../drivers/sandbox.ts";
import type { Endpoint, EndpointId, Sandbox, SandboxId } from "../model/endpoint.ts";
import type { WeftError } from "../model/error.ts";
import type { Host, HostId } from "../model/host.ts";
import type { Network, NetworkId } from "../model/network.ts";
import { Fragments } from "./fragments.ts";
import { HostSide, type HostSideOptions } from "./host-side.ts";
import { Locals } from "./locals.ts";
import type { View, ViewChange } from "./view.ts";

/** What of the desired state comes from this host itself. */
export interface HostFactsWanted extends HostSideOptions {
	/** Whether a sandbox's namespace can be worked in. */
	isPresent(sandbox: Sandbox): boolean;
}

/**
 * Compiles the view into fragments of desired kernel state: of each change, only what it touches. The fragment of a network, an
 * endpoint or a sandbox has its id.
 */
export class Desired {
	readonly fragments = new Fragments();
	readonly #facts: HostFactsWanted;
	readonly #hostSide: HostSide;
	readonly #locals = new Locals();
	/** Within which all members' underlays carry a frame. */
	#mtuBytes: number;
	readonly #stale = {
		/** Members that came, went, or have another address or MTU. */
		members: new Set<HostId>(),
		/** With all of their endpoints. */
		networks: new Set<NetworkId>(),
		endpoints: new Map<EndpointId, NetworkId>(),
		sandboxes: new Set<SandboxId>(),
	};

	constructor(facts: HostFactsWanted) {
		this.#facts = facts;
		this.#hostSide = new HostSide(this.fragments, facts);
		this.#mtuBytes = overlayMtuBytes(facts.self, []);
	}

	/** What of the host's surroundings stands in the way, and cannot be moved. */
	get problems(): readonly WeftError[] {
		return this.#hostSide.problems;
	}

	/** See {@link HostSide.touchSurroundings}. */
	touchSurroundings(): void {
		this.#hostSide.touchSurroundings();
	}

	/** Notes what a change of the view makes stale. */
	note(view: View, change: ViewChange): void {
		switch (change.kind) {
			case "host":
				this.#noteHost(change.id, change.before, view.hosts.get(change.id));
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
			case "gone":
				break;
		}
	}

	#noteHost(id: HostId, before: Host | undefined, now: Host | undefined): void {
		if (now?.vtep === before?.vtep && now?.underlayMtuBytes === before?.underlayMtuBytes) return;
		this.#hostSide.noteMember(before, now);
		this.#stale.members.add(id);
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
		if (stale.members.size > 0) this.#refreshMembers(view);
		for (const id of stale.networks) {
			this.#compileNetwork(view, id);
			for (const endpoint of view.endpoints(id).keys()) stale.endpoints.set(endpoint, id);
		}
		for (const [id, network] of stale.endpoints) this.#compileEndpoint(view, network, id);
		for (const id of stale.sandboxes) this.#compileSandbox(view, id);
		this.#hostSide.refresh(this.#locals.networks);
		for (const some of [stale.members, stale.networks, stale.endpoints, stale.sandboxes]) some.clear();
	}

	/** Of a member that came, moved or went, its endpoints are stale; of the least MTU, everything. */
	#refreshMembers(view: View): void {
		const { members, networks, endpoints } = this.#stale;
		const mtuBytes = overlayMtuBytes(this.#facts.self, view.hosts.values());
		for (const id of view.networkIds()) {
			if (mtuBytes !== this.#mtuBytes) networks.add(id);
			for (const endpoint of view.endpoints(id).values())
				if (members.has(endpoint.hostId)) endpoints.set(endpoint.id, id);
		}
		this.#mtuBytes = mtuBytes;
	}

	#compileNetwork(view: View, id: NetworkId): void {
		const network = view.network(id);
		const wanted = network !== undefined && this.#locals.has(id);
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
		this.#hostSide.noteWayOut(id, wayOut);
		const wanted = sandbox !== undefined && this.#facts.isPresent(sandbox);
		this.fragments.set(id, wanted ? compileSandbox(sandbox, wayOut ? this.#facts.gatewayPool : undefined) : []);
	}

	#context(view: View, network: Network): DriverContext {
		const { self } = this.#facts;
		return {
			hostId: self.id,
			mtuBytes: network.mtuBytes ?? this.#mtuBytes,
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
