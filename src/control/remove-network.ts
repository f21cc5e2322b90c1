import type { Endpoint } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import { keys, type VniClaim } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import { attempt } from "./attempt.ts";
import { type ControlContext, decodeAll, encode } from "./context.ts";
import { findNetwork } from "./find-network.ts";

/** @throws {WeftError} NETWORK_NOT_FOUND, NETWORK_HAS_ENDPOINTS */
export async function removeNetwork({ store, now }: ControlContext, ref: string): Promise<Network> {
	return attempt(`remove network "${ref}"`, async () => {
		const { network, revision } = await findNetwork(store, ref);
		const { id } = network;
		// Read before the endpoints: a join after this moment changes it, and the transaction does not hold.
		const activity = await store.get(keys.networkActivity(id));
		const { entries } = await store.list(keys.endpoints(id));
		if (entries.length > 0) throw hasEndpoints(network, decodeAll<Endpoint>(entries));
		const done = await store.txn(
			[
				{ key: keys.network(id), revision },
				{ key: keys.networkActivity(id), revision: activity?.revision ?? 0 },
			],
			[
				{ delete: keys.network(id) },
				{ delete: keys.networkName(network.name) },
				{ put: keys.vni(network.vni), value: encode({ releasedAt: now() } satisfies VniClaim) },
				{ delete: keys.networkActivity(id) },
				{ deletePrefix: keys.fences(id) },
				{ deletePrefix: keys.addresses(id) },
				{ deletePrefix: keys.endpointNames(id) },
				{ put: keys.networksLock, value: id },
			],
		);
		return done === undefined ? undefined : network;
	});
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
