import type { KnownAddresses } from "../control/context.ts";
import { rests } from "../ipam/allocate.ts";
import type { Ipv4 } from "../model/address.ts";
import type { ReleasedAddress } from "../model/keys.ts";
import type { NetworkId } from "../model/network.ts";
import type { View, ViewChange } from "../reconcile/view.ts";

/**
 * The addresses of the networks that this host is in, as its view shows them, and of those that nobody holds what is known: those
 * that were released while this host looked, and what the claims said when they were read.
 */
export class Released {
	readonly #byNetwork = new Map<NetworkId, Map<Ipv4, ReleasedAddress>>();
	readonly #now: () => number;

	/** @param now Ms since 1970. */
	constructor(now: () => number) {
		this.#now = now;
	}

	/** Notes an endpoint that went. */
	note(view: View, change: ViewChange): void {
		if (change.kind === "network" && view.network(change.id) === undefined) this.#byNetwork.delete(change.id);
		if (change.kind !== "endpoint" || change.before === undefined) return;
		const { networkId, id, before } = change;
		if (view.network(networkId) === undefined || view.endpoints(networkId).has(id)) return;
		const nowMs = this.#now();
		const released = this.#byNetwork.get(networkId) ?? new Map<Ipv4, ReleasedAddress>();
		for (const [address, release] of released) if (!rests(release, nowMs)) released.delete(address);
		// Whoever took it from a host that is not alive did so for good reason, and that host may come back.
		const reclaimed = view.alive.has(before.hostId) ? {} : { reclaimedFrom: before.hostId };
		this.#byNetwork.set(networkId, released.set(before.address, { releasedAt: nowMs, ...reclaimed }));
	}

	/** Notes what the claims of a network say. */
	noteAll(view: View, id: NetworkId, released: ReadonlyMap<Ipv4, ReleasedAddress>): void {
		if (view.network(id) !== undefined) this.#byNetwork.set(id, new Map(released));
	}

	/** @returns undefined for a network that this host is not in. */
	known(view: View, id: NetworkId): KnownAddresses | undefined {
		const endpoints = view.endpoints(id);
		if (view.network(id) === undefined || endpoints.size === 0) return undefined;
		const used = new Set<Ipv4>();
		for (const { address } of endpoints.values()) used.add(address);
		return { used, released: this.#byNetwork.get(id) ?? new Map() };
	}
}
