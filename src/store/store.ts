import { isWeftError } from "../model/error.ts";

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
	| { readonly put: string; readonly value: string; readonly lease?: LeaseId }
	| { readonly delete: string }
	/** Deletes all keys below the prefix (see {@link Store.list}). */
	| { readonly deletePrefix: string };

export type LeaseId = string;

export type StoreEvent =
	| { readonly type: "put"; readonly entry: Entry }
	| { readonly type: "delete"; readonly key: string; readonly revision: number };

/** All changes of one revision, in order; one transaction is one batch. */
export interface StoreBatch {
	readonly revision: number;
	readonly events: readonly StoreEvent[];
}

export interface Snapshot {
	readonly entries: readonly Entry[];
	/** Watch from `revision + 1` to miss nothing. */
	readonly revision: number;
}

/** A lease that is kept alive until `revoke` or until the process dies. */
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
	 * All writes, if every expectation holds; else none. Each key is written at most once.
	 * @returns The revision of the writes, or undefined when an expectation did not hold.
	 */
	txn(expect: readonly Expect[], writes: readonly Write[]): Promise<number | undefined>;
	/**
	 * Batches from `fromRevision` on, in order, without a gap, over dropped connections (retried with backoff).
	 * Ends when `signal` aborts. @throws {WeftError} STORE_CURSOR_LOST when that revision is no longer held: take a new snapshot.
	 */
	watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreBatch>;
	/** @param ttlSeconds 1 or more. Kept alive in the background. */
	lease(ttlSeconds: number): Promise<Lease>;
	/** Tells, after the fact, whether the store answers: for `weft status`. */
	readonly health: StoreHealth;
	close(): Promise<void>;
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
