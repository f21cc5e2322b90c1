import { closest } from "../model/closest.ts";
import { WeftError } from "../model/error.ts";
import { keys } from "../model/keys.ts";
import type { Network, NetworkId } from "../model/network.ts";
import type { Entry, Store } from "../store/store.ts";
import { type ControlContext, decode, decodeAll } from "./context.ts";

/** A network with the revision at which it was read: a transaction that expects it fails once the network is removed. */
export interface FoundNetwork {
	readonly network: Network;
	readonly revision: number;
}

export async function listNetworks(store: Store): Promise<Network[]> {
	const { entries } = await store.list(keys.networks);
	return decodeAll<Network>(entries);
}

/**
 * @param ref A name, an id, or the unique head of an id; a name wins over a head.
 * @throws {WeftError} NETWORK_NOT_FOUND, ARGUMENT_INVALID when the head fits several.
 */
export async function findNetwork(store: Store, ref: string): Promise<FoundNetwork> {
	const whole = /^[0-9a-f]{64}$/.test(ref) ? await getNetwork(store, ref) : undefined;
	if (whole !== undefined) return whole;
	const named = /^[^/]+$/.test(ref) ? await store.get(keys.networkName(ref)) : undefined;
	const byName = named === undefined ? undefined : await getNetwork(store, named.value);
	if (byName !== undefined) return byName;

	const { entries } = await store.list(keys.networks);
	const fits = /^[0-9a-f]+$/.test(ref) ? entries.filter((entry) => entry.key.startsWith(keys.network(ref))) : [];
	const [only] = fits;
	if (only === undefined) throw notFound(ref, entries);
	if (fits.length > 1) {
		throw new WeftError("ARGUMENT_INVALID", `Cannot tell which network "${ref}" means: ${fits.length} ids begin so`, {
			fix: "give more digits of the id, or the name",
		});
	}
	return found(only);
}

/** @returns As {@link findNetwork}; one that this host is in is not asked for. @throws {WeftError} As {@link findNetwork}. */
export async function knownNetwork({ store, followed }: ControlContext, ref: string): Promise<Network> {
	return followed(ref) ?? (await findNetwork(store, ref)).network;
}

/** @returns The network of an id; undefined when it is gone. */
export async function getNetwork(store: Store, id: NetworkId): Promise<FoundNetwork | undefined> {
	const entry = await store.get(keys.network(id));
	return entry === undefined ? undefined : found(entry);
}

function found(entry: Entry): FoundNetwork {
	return { network: decode<Network>(entry), revision: entry.revision };
}

export function notFound(ref: string, entries: readonly Entry[]): WeftError {
	const near = closest(
		ref,
		decodeAll<Network>(entries).map(({ name }) => name),
	);
	const meant = near === undefined ? "" : `, did you mean "${near}"?`;
	return new WeftError("NETWORK_NOT_FOUND", `Cannot find network "${ref}": no network has that name or id${meant}`, {
		fix: "weft network ls shows all networks",
	});
}
