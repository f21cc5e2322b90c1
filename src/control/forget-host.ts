import { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import type { Write } from "../store/store.ts";
import { type ControlContext, decodeAll } from "./context.ts";
import { dead, reclaimHost } from "./reclaim-host.ts";

/** Writes of one transaction: below the 64 operations that every store takes. */
const atOnce = 50;

/**
 * Takes a host that is dead out of the cluster: its endpoints, its record, and all that is kept for its return. One that comes back
 * all the same is a member again.
 * @returns How many endpoints went with it.
 * @throws {WeftError} HOST_ALIVE
 */
export async function forgetHost(context: ControlContext, { id, name }: Host): Promise<number> {
	const { store } = context;
	const reclaimed = await reclaimHost(context, id);
	if (reclaimed === undefined) throw alive(name);
	const { entries } = await store.list(keys.networks);
	const fences = decodeAll<Network>(entries).map((network): Write => ({ delete: keys.fence(network.id, id) }));
	for (let i = 0; i < fences.length; i += atOnce) await store.txn([dead(id)], fences.slice(i, i + atOnce));
	const done = await store.txn(
		[dead(id)],
		[
			{ delete: keys.host(id) },
			{ delete: keys.goneHost(id) },
			{ deletePrefix: keys.removed(id) },
			{ deletePrefix: keys.pathQuestions(id) },
			{ deletePrefix: keys.pathAnswers(id) },
		],
	);
	if (done === undefined) throw alive(name);
	return reclaimed.length;
}

function alive(name: string): WeftError {
	return new WeftError("HOST_ALIVE", `Cannot forget host "${name}": it is alive`, {
		fix: `end its agent first, and wait until weft hosts shows ${name} as unreachable`,
	});
}
