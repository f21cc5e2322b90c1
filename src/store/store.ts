import { isWeftError, WeftError } from "../model/error.ts";

/** One key as it stands at a revision. Values are JSON text; keys are slash-separated, without a leading slash. */
export interface Entry {
	readonly key: string;
	readonly value: string;
	/** The revision of the last change of this key; 1 or higher. */
	readonly revision: number;
}

/** A condition of a transaction: the key's last change is at `revision`; 0 means that the key does not exist. */
export interface Expect {
	readonly key: string;
	readonly revision: number;
}

export type Write =
	/** A key that is put under a lease once is never put without one. */
	| { readonly put: string; readonly value: string; readonly lease?: LeaseId }
	| { readonly delete: string }
	/** Deletes all keys below the prefix (see {@link Store.list}). */
	| { readonly deletePrefix: string };

export type LeaseId = string;

export type StoreEvent =
	| { readonly type: "put"; readonly entry: Entry }
	| { readonly type: "delete"; readonly key: string; readonly revision: number };

/**
 * What changed up to a revision. Where a store merges what happened meanwhile, it is the last state of each key, in order of their
 * revisions; all writes of one transaction are in one batch.
 */
export interface StoreBatch {
	/** Higher than that of the batch before, unless the store was restored from a backup. */
	readonly revision: number;
	readonly events: readonly StoreEvent[];
}

export interface Snapshot {
	readonly entries: readonly Entry[];
	/** What is written later has a higher one. */
	readonly revision: number;
}

/**
 * A lease that is kept alive until `revoke` or until the process dies. It then ends when its TTL is over, or later: Consul takes up to
 * twice the TTL, and none below 10 s.
 */
export interface Lease {
	readonly id: LeaseId;
	/** Aborted when the lease has ended without having been asked to. */
	readonly lost: AbortSignal;
	/** Ends the lease, and deletes the keys that were put under it. */
	revoke(): Promise<void>;
}

/**
 * Where desired state lives. Every store gives exactly this, and `contract.ts` is the one suite that says so.
 *
 * Errors, translated once in each store's own file: STORE_UNREACHABLE (names the endpoint tried), STORE_REFUSED (credentials),
 * STORE_CURSOR_LOST (watch only), STORE_FULL (nothing was written), TIMEOUT. A write that failed with STORE_UNREACHABLE or TIMEOUT may have happened.
 */
export interface Store {
	get(key: string): Promise<Entry | undefined>;
	/** @param prefix Without a trailing slash: "hosts/a" yields "hosts/a" and "hosts/a/b", never "hosts/ab". "" is everything. Sorted by key. */
	list(prefix: string): Promise<Snapshot>;
	/**
	 * All writes, if every expectation holds; else none. Each key is written at most once. A key that was put under a lease, and is expected and put again without one, stays. There is room for
	 * {@link maxOperations} and 300 kB.
	 * @returns The revision of what was put, or undefined when an expectation did not hold. Where all is deleted: one at or behind that.
	 * @throws {WeftError} STORE_CONFLICT, too: a lease that is written under has ended; nothing was written.
	 */
	txn(expect: readonly Expect[], writes: readonly Write[]): Promise<number | undefined>;
	/**
	 * What has changed since a snapshot of the same prefix and what changes from then on, in order, without a gap, over dropped
	 * connections (retried with backoff). Ends when `signal` aborts.
	 * @throws {WeftError} STORE_CURSOR_LOST when the store cannot tell any more, because it has forgotten that revision or was
	 *   restored from a backup: take a new snapshot, in which a revision may mean another value than before.
	 */
	watch(prefix: string, since: Snapshot, signal: AbortSignal): AsyncIterable<StoreBatch>;
	/** @param ttlSeconds 1 or more. Kept alive in the background. */
	lease(ttlSeconds: number): Promise<Lease>;
	/** Tells, after the fact, whether the store answers: for `weft status`. */
	readonly health: StoreHealth;
	close(): Promise<void>;
}

/** Operations of one transaction, as {@link operationsOf} counts them: Consul takes 64, and one of them tells it the revision. */
export const maxOperations = 60;

/**
 * @returns How much of {@link maxOperations} a transaction takes: a prefix, a put under a lease and one of a key that is expected to be
 *   there count twice, all else once.
 */
export function operationsOf(expect: readonly Expect[], writes: readonly Write[]): number {
	const twice = writes.filter(
		(write) =>
			"deletePrefix" in write || ("put" in write && (write.lease !== undefined || isExpected(expect, write.put))),
	);
	return expect.length + writes.length + twice.length;
}

/** Whether a transaction expects a key to be there. */
export function isExpected(expect: readonly Expect[], key: string): boolean {
	return expect.some((one) => one.key === key && one.revision > 0);
}

/** @throws {RangeError} A transaction is longer than every store can take. */
export function checkOperations(expect: readonly Expect[], writes: readonly Write[]): void {
	const count = operationsOf(expect, writes);
	if (count > maxOperations)
		throw new RangeError(`Cannot write ${count} operations in one transaction: ${maxOperations} is the most`);
}

/** What a store says of a watch that would have a gap. */
export function cursorLost(prefix: string, revision: number, reason: string): WeftError {
	return new WeftError("STORE_CURSOR_LOST", `Cannot watch "${prefix}" from revision ${revision}: ${reason}`);
}

/** What a store says of a write under a lease that has ended. */
export function leaseGone(id: LeaseId | undefined, cause?: unknown): WeftError {
	return new WeftError("STORE_CONFLICT", `Cannot write under lease ${id ?? ""}: it has ended`, { cause });
}

/** Whether a write may have happened although it failed with `error`. */
export function mayHaveHappened(error: unknown): boolean {
	return isWeftError(error, "STORE_UNREACHABLE", "TIMEOUT");
}

export interface StoreHealth {
	/** As the user wrote it, without secrets. */
	readonly url: string;
	readonly reachable: boolean;
	/** The last failure, when not reachable. */
	readonly reason?: string | undefined;
	/** Calls back at each change. @returns Ends it. */
	onChange(listener: (reachable: boolean) => void): () => void;
}
