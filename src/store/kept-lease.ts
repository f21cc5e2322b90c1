import { setTimeout as sleep } from "node:timers/promises";
import { isWeftError } from "../model/error.ts";
import type { Lease, LeaseId } from "./store.ts";

/** A lease as a store's protocol has it. */
interface Kept {
	readonly id: LeaseId;
	readonly ttlSeconds: number;
	/** @returns Whether the lease still holds. */
	beat(): Promise<boolean>;
	end(): Promise<unknown>;
}

/** Keeps a lease alive, three times in its TTL, until it is revoked, lost, or `closed` aborts. */
export function keptLease(kept: Kept, closed: AbortSignal): Lease {
	const lost = new AbortController();
	const revoked = new AbortController();
	void keepAlive(kept, lost, AbortSignal.any([closed, revoked.signal]));
	return {
		id: kept.id,
		lost: lost.signal,
		async revoke() {
			revoked.abort();
			await kept.end().catch((error: unknown) => {
				// It had ended already.
				if (!isWeftError(error, "STORE_CONFLICT")) throw error;
			});
		},
	};
}

async function keepAlive({ ttlSeconds, beat }: Kept, lost: AbortController, ended: AbortSignal): Promise<void> {
	let alive = performance.now();
	while (!ended.aborted) {
		await sleep((ttlSeconds * 1000) / 3, undefined, { signal: ended, ref: false }).catch(() => {});
		if (ended.aborted) return;
		try {
			if (await beat()) alive = performance.now();
			else return lost.abort();
		} catch {
			// The store is away: nobody can tell whether the lease still holds, until its time is over.
			if (performance.now() - alive > ttlSeconds * 2_000) return lost.abort();
		}
	}
}
