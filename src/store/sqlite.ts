import { randomBytes } from "node:crypto";
import { Feed } from "./feed.ts";
import { databaseAt, memoryDatabase, translate } from "./sqlite-file.ts";
import { SqliteTable } from "./sqlite-table.ts";
import {
	checkOperations,
	cursorLost,
	type Entry,
	type Expect,
	type Lease,
	type LeaseId,
	leaseGone,
	type Snapshot,
	type Store,
	type StoreBatch,
	type StoreEvent,
	type StoreHealth,
	type Write,
} from "./store.ts";

/** The embedded store, with what serving it to others needs besides. */
export interface EmbeddedStore extends Store {
	/** Starts a lease that ends `ttlSeconds` after it was last kept alive. */
	grant(ttlSeconds: number): LeaseId;
	/** @returns The lease's TTL, or undefined when it has ended. */
	keepAlive(id: LeaseId): number | undefined;
	/** Ends a lease and deletes its keys. One that has ended is no error. */
	endLease(id: LeaseId): void;
	holdsLease(id: LeaseId): boolean;
	readonly feed: Feed;
	readonly revision: number;
	/** As {@link Store.txn}, of any length: for what comes in over etcd's protocol. */
	commit(expect: readonly Expect[], writes: readonly Write[]): number | undefined;
	/** Forgets all changes below `revision`. @throws {RangeError} That is still to come. */
	compact(revision: number): void;
}

/** Opens a store in memory: for tests, and for a host's own picture of another. */
export function openMemoryStore(): EmbeddedStore {
	return new SqliteStore(new SqliteTable(memoryDatabase()), ":memory:", "memory:");
}

/**
 * Opens the embedded store in a file; what was acknowledged survives kill -9 and loss of power.
 * @param create Whether one that is not there is made.
 * @throws {WeftError} As {@link databaseAt}.
 */
export async function openSqliteStore(path: string, { create }: { create: boolean }): Promise<EmbeddedStore> {
	return new SqliteStore(new SqliteTable(databaseAt(path, create)), path);
}

const expiryRetryMs = 1_000;

class SqliteStore implements EmbeddedStore {
	readonly health: StoreHealth;
	readonly feed: Feed;
	readonly #table: SqliteTable;
	readonly #path: string;
	readonly #expiry = new Map<LeaseId, { timer: NodeJS.Timeout; lost: AbortController }>();
	readonly #beats = new Set<NodeJS.Timeout>();
	#closed = false;

	constructor(table: SqliteTable, path: string, url = `sqlite:${path}`) {
		[this.#table, this.#path] = [table, path];
		this.feed = new Feed((revision) => table.batchFrom(revision), table.revision);
		this.health = { url, reachable: true, onChange: () => () => {} };
		// After a restart each holder gets its whole time anew: it could not reach the store in between.
		for (const { id, ttl } of table.leases()) this.#arm(id, ttl * 1000);
	}

	get revision(): number {
		return this.#table.revision;
	}

	async get(key: string): Promise<Entry | undefined> {
		return this.#translated(() => this.#table.get(key));
	}

	async list(prefix: string): Promise<Snapshot> {
		return this.#translated(() => ({ entries: this.#table.list(prefix), revision: this.#table.revision }));
	}

	async txn(expect: readonly Expect[], writes: readonly Write[]): Promise<number | undefined> {
		checkOperations(expect, writes);
		return this.commit(expect, writes);
	}

	/** @throws {WeftError} STORE_FULL …: nothing of `work` has happened. */
	#atomically<T>(work: () => T): T {
		return this.#translated(() => this.#table.atomically(work));
	}

	#translated<T>(work: () => T): T {
		try {
			return work();
		} catch (cause) {
			throw cause instanceof Error && "errcode" in cause ? translate(cause, this.#path) : cause;
		}
	}

	commit(expect: readonly Expect[], writes: readonly Write[], ending?: LeaseId): number | undefined {
		const table = this.#table;
		const batch = this.#atomically((): StoreBatch | undefined => {
			for (const { key, revision } of expect) if ((table.get(key)?.revision ?? 0) !== revision) return undefined;
			const revision = table.revision + 1;
			const events: StoreEvent[] = [];
			const write = (key: string, value: string | undefined, lease?: LeaseId) => {
				const event = table.write(revision, events.length, key, value, lease);
				if (event !== undefined) events.push(event);
			};
			for (const one of writes) {
				if ("put" in one) {
					if (one.lease !== undefined && table.ttlOf(one.lease) === undefined) throw leaseGone(one.lease);
					write(one.put, one.value, one.lease);
				} else if ("delete" in one) write(one.delete, undefined);
				else for (const { key } of table.list(one.deletePrefix)) write(key, undefined);
			}
			if (events.length > 0) table.finish(revision);
			if (ending !== undefined) table.removeLease(ending);
			return { revision: events.length > 0 ? revision : revision - 1, events };
		});
		if (batch === undefined) return undefined;
		if (batch.events.length > 0) this.feed.publish(batch);
		return batch.revision;
	}

	watch(prefix: string, { revision }: Snapshot, signal: AbortSignal): AsyncIterable<StoreBatch> {
		if (revision > this.revision) throw cursorLost(prefix, revision, `the store is at ${this.revision}`);
		return this.feed.watch(prefix, revision + 1, signal);
	}

	holdsLease(id: LeaseId): boolean {
		return this.#table.ttlOf(id) !== undefined;
	}

	grant(ttlSeconds: number): LeaseId {
		// A positive 63-bit number, as etcd's leases are.
		const id = (randomBytes(8).readBigUInt64BE() >> 1n).toString();
		this.#atomically(() => this.#table.addLease(id, ttlSeconds));
		this.#arm(id, ttlSeconds * 1000);
		return id;
	}

	keepAlive(id: LeaseId): number | undefined {
		const ttl = this.#table.ttlOf(id);
		if (ttl !== undefined) this.#arm(id, ttl * 1000);
		return ttl;
	}

	endLease(id: LeaseId): void {
		const armed = this.#expiry.get(id);
		if (this.#table.ttlOf(id) !== undefined) {
			const doomed = this.#table.keysOfLease(id).map((key) => ({ delete: key }));
			this.commit([], doomed, id);
		}
		clearTimeout(armed?.timer);
		this.#expiry.delete(id);
		armed?.lost.abort();
	}

	#arm(id: LeaseId, delayMs: number): void {
		const armed = this.#expiry.get(id);
		clearTimeout(armed?.timer);
		const timer = setTimeout(() => this.#expire(id), delayMs);
		timer.unref();
		this.#expiry.set(id, { timer, lost: armed?.lost ?? new AbortController() });
	}

	/** Nobody waits for it who could be told that the disk is full: it is tried until there is room. */
	#expire(id: LeaseId): void {
		try {
			this.endLease(id);
		} catch {
			this.#arm(id, expiryRetryMs);
		}
	}

	async lease(ttlSeconds: number): Promise<Lease> {
		const id = this.grant(ttlSeconds);
		const beat = setInterval(() => this.keepAlive(id), (ttlSeconds * 1000) / 3);
		beat.unref();
		this.#beats.add(beat);
		const lost = this.#expiry.get(id)?.lost.signal ?? AbortSignal.abort();
		return {
			id,
			lost,
			revoke: async () => {
				clearInterval(beat);
				this.#beats.delete(beat);
				if (!this.#closed) this.endLease(id);
			},
		};
	}

	compact(revision: number): void {
		if (revision > this.revision)
			throw new RangeError(`Cannot forget what is below ${revision}: the store is at ${this.revision}`);
		this.#atomically(() => this.#table.compact(revision));
		this.feed.forget(revision);
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		for (const { timer } of this.#expiry.values()) clearTimeout(timer);
		for (const beat of this.#beats) clearInterval(beat);
		this.#table.close();
	}
}
