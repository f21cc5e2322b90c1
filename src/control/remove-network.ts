import type { Endpoint } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import type { HostId } from "../model/host.ts";
import { keys, type VniClaim } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import { attempt } from "./attempt.ts";
import { type ControlContext, decodeAll, encode } from "./context.ts";
import { findNetwork } from "./find-network.ts";
import { dead, reclaimHost } from "./reclaim-host.ts";

/** Hosts whose endpoints go in one transaction with the network: it expects of each that it is dead. */
const deadAtOnce = 32;

/**
 * @param isDead Whether a host is taken for dead: its endpoints go with the network.
 * @throws {WeftError} NETWORK_NOT_FOUND, NETWORK_HAS_ENDPOINTS
 */
export async function removeNetwork(
	context: ControlContext,
	ref: string,
	isDead: (id: HostId) => boolean = () => false,
): Promise<Network> {
	const { store, now } = context;
	return attempt(`remove network "${ref}"`, async () => {
		const { network, revision } = await findNetwork(store, ref);
		const { id } = network;
		// Read before the endpoints: a join after this moment changes it, and the transaction does not hold.
		const activity = await store.get(keys.networkActivity(id));
		const { entries } = await store.list(keys.endpoints(id));
		const endpoints = decodeAll<Endpoint>(entries);
		const dying = await deadAmong(context, endpoints, isDead);
		const living = endpoints.filter(({ hostId }) => !dying.has(hostId));
		if (living.length > 0) throw hasEndpoints(network, living);
		const hosts = [...dying];
		for (const host of hosts.splice(deadAtOnce)) await reclaimHost(context, host);
		const done = await store.txn(
			[
				...hosts.map(dead),
				{ key: keys.network(id), revision },
				{ key: keys.networkActivity(id), revision: activity?.revision ?? 0 },
			],
			[
				{ delete: keys.network(id) },
				{ delete: keys.networkName(network.name) },
				{ put: keys.vni(network.vni), value: encode({ releasedAt: now(), of: id } satisfies VniClaim) },
				{ delete: keys.networkActivity(id) },
				{ deletePrefix: keys.fences(id) },
				{ deletePrefix: keys.addresses(id) },
				{ deletePrefix: keys.endpointNames(id) },
				{ deletePrefix: keys.endpoints(id) },
				{ put: keys.networksLock, value: id },
			],
		);
		return done === undefined ? undefined : network;
	});
}

/** @returns Those of the endpoints' hosts that are taken for dead, and are not back just now. */
async function deadAmong(
	{ store }: ControlContext,
	endpoints: readonly Endpoint[],
	isDead: (id: HostId) => boolean,
): Promise<Set<HostId>> {
	const found = new Set<HostId>();
	for (const id of new Set(endpoints.map(({ hostId }) => hostId)))
		if (isDead(id) && (await store.get(keys.aliveHost(id))) === undefined) found.add(id);
	return found;
}

function hasEndpoints(network: Network, endpoints: readonly Endpoint[]): WeftError {
	const some = endpoints.slice(0, 3).map((endpoint) => endpoint.name);
	const names =
		endpoints.length > some.length ? `${some.join(", ")} and ${endpoints.length - some.length} more` : some.join(", ");
	return new WeftError(
		"NETWORK_HAS_ENDPOINTS",
		`Cannot remove network "${network.name}": ${endpoints.length} ${endpoints.length === 1 ? "container is" : "containers are"} connected (${names})`,
		{ fix: `weft network disconnect ${network.name} ${some[0]}, or weft rm -f ${some[0]}` },
	);
}
