import { setTimeout as sleep } from "node:timers/promises";
import type { Lease } from "../store.ts";
import type { Endpoints } from "./endpoints.ts";

/** Takes a lease and keeps it alive, three times in its TTL, until it is revoked, lost, or `closed` aborts. */
export async function leaseOf(endpoints: Endpoints, ttlSeconds: number, closed: AbortSignal): Promise<Lease> {
	const { ID: id } = await endpoints.call(false, ({ lease }, options) =>
		lease.leaseGrant({ TTL: BigInt(ttlSeconds) }, options),
	);
	const lost = new AbortController();
	const revoked = new AbortController();
	void keepAlive(endpoints, id, ttlSeconds, lost, AbortSignal.any([closed, revoked.signal]));
	return {
		id: id.toString(),
		lost: lost.signal,
		async revoke() {
			revoked.abort();
			await endpoints.call(true, ({ lease }, options) => lease.leaseRevoke({ ID: id }, options));
		},
	};
}

async function keepAlive(
	endpoints: Endpoints,
	id: bigint,
	ttlSeconds: number,
	lost: AbortController,
	ended: AbortSignal,
): Promise<void> {
	let alive = performance.now();
	while (!ended.aborted) {
		await sleep((ttlSeconds * 1000) / 3, undefined, { signal: ended, ref: false }).catch(() => {});
		if (ended.aborted) return;
		try {
			const ttl = await endpoints.call(true, (server, { timeoutMs }) => beat(server, id, timeoutMs));
			if (ttl > 0) alive = performance.now();
			else return lost.abort();
		} catch {
			// The store is away: nobody can tell whether the lease still holds, until its time is over.
			if (performance.now() - alive > ttlSeconds * 2_000) return lost.abort();
		}
	}
}

/** @returns The seconds that are left; 0 when the lease has ended. */
async function beat({ lease }: Endpoints["server"], id: bigint, timeoutMs: number): Promise<number> {
	async function* once() {
		yield { ID: id };
	}
	for await (const { TTL } of lease.leaseKeepAlive(once(), { timeoutMs })) return Number(TTL);
	return 0;
}
