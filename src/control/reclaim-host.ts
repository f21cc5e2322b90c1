import type { Endpoint } from "../model/endpoint.ts";
import type { Gone, HostId } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Entry } from "../store/store.ts";
import { attempt } from "./attempt.ts";
import { type ControlContext, decode, decodeAll, encode } from "./context.ts";
import { releasing } from "./release-endpoint.ts";

/** Endpoints of one transaction: with what each expects and writes, well below the 64 operations that every store takes. */
const atOnce = 8;

/**
 * Takes all endpoints of a host out of the cluster, and notes that they are. Each transaction expects that the host's lease has
 * ended, and {@link expectAlive} keeps out what that host had on its way: nobody has to be sure of anything before.
 * @returns What was taken; undefined when the host lives, and may keep what is left.
 */
export async function reclaimHost(context: ControlContext, id: HostId): Promise<readonly Endpoint[] | undefined> {
	const { store, self, now } = context;
	const reclaimed: Endpoint[] = [];
	return attempt(`reclaim what host ${id.slice(0, 12)} holds`, async () => {
		const { entries } = await store.list(keys.allEndpoints);
		const own = entries.filter((entry) => decodeAll<Endpoint>([entry])[0]?.hostId === id);
		for (let i = 0; i < own.length; i += atOnce) {
			const some = own.slice(i, i + atOnce);
			if (await reclaim(context, id, some)) reclaimed.push(...some.map((entry) => decode<Endpoint>(entry)));
			else return (await isAlive(context, id)) ? { alive: true } : undefined;
		}
		const gone: Gone = { at: new Date(now()).toISOString(), by: self.id };
		const done = await store.txn([dead(id)], [{ put: keys.goneHost(id), value: encode(gone) }]);
		return { alive: done === undefined };
	}).then(({ alive }) => (alive ? undefined : reclaimed));
}

/** @returns Whether it is done: not when one of them has changed since, or the host lives. */
async function reclaim({ store, now }: ControlContext, id: HostId, some: readonly Entry[]): Promise<boolean> {
	const release = { releasedAt: now(), reclaimedFrom: id };
	const done = await store.txn(
		[dead(id), ...some.map(({ key, revision }) => ({ key, revision }))],
		some.flatMap((entry) => releasing(decode<Endpoint>(entry), release)),
	);
	return done !== undefined;
}

async function isAlive({ store }: ControlContext, id: HostId): Promise<boolean> {
	return (await store.get(keys.aliveHost(id))) !== undefined;
}

/** What a transaction expects that is to hold only while a host does not live. */
export function dead(id: HostId): { readonly key: string; readonly revision: 0 } {
	return { key: keys.aliveHost(id), revision: 0 };
}
