import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Entry, LeaseId, StoreBatch, StoreEvent } from "./store.ts";

/** Revisions that a watcher may lag behind, or be away. */
const keptRevisions = 10_000;

interface EntryRow {
	readonly key: string;
	readonly value: string;
	readonly revision: number;
}

/** The SQL of the embedded store: entries, the log of changes for those who watch, and leases. Synchronous; each method is one step. */
export class SqliteTable {
	readonly #db: DatabaseSync;
	readonly #statements = new Map<string, StatementSync>();

	constructor(db: DatabaseSync) {
		this.#db = db;
	}

	#sql(text: string): StatementSync {
		let statement = this.#statements.get(text);
		if (statement === undefined) this.#statements.set(text, (statement = this.#db.prepare(text)));
		return statement;
	}

	#meta(name: "revision" | "compacted"): number {
		return (this.#sql("SELECT value FROM meta WHERE name = ?").get(name) as { value: number }).value;
	}

	get revision(): number {
		return this.#meta("revision");
	}

	get(key: string): Entry | undefined {
		const row = this.#sql("SELECT key, value, revision FROM entry WHERE key = ?").get(key);
		return row === undefined ? undefined : { ...(row as unknown as EntryRow) };
	}

	list(prefix: string): Entry[] {
		const rows =
			prefix === ""
				? this.#sql("SELECT key, value, revision FROM entry ORDER BY key").all()
				: // '0' is the character behind '/': the range holds what is below the prefix, and nothing beside it.
					this.#sql(
						"SELECT key, value, revision FROM entry WHERE key = ?1 OR (key >= ?1 || '/' AND key < ?1 || '0') ORDER BY key",
					).all(prefix);
		return rows.map((row) => ({ ...(row as unknown as EntryRow) }));
	}

	keysOfLease(id: LeaseId): string[] {
		return this.#sql("SELECT key FROM entry WHERE lease = ? ORDER BY key")
			.all(id)
			.map((row) => (row as { key: string }).key);
	}

	/** Runs `work` as one synced transaction: all of it, or nothing. */
	atomically<T>(work: () => T): T {
		this.#db.exec("BEGIN IMMEDIATE");
		try {
			const result = work();
			this.#db.exec("COMMIT");
			return result;
		} catch (error) {
			// A full disk has ended the transaction already.
			if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
			throw error;
		}
	}

	/** Within {@link atomically}. @param value undefined deletes. @returns What happened; undefined when there was nothing to delete. */
	write(
		revision: number,
		n: number,
		key: string,
		value: string | undefined,
		lease: LeaseId | undefined,
	): StoreEvent | undefined {
		if (value === undefined) {
			if (this.#sql("DELETE FROM entry WHERE key = ?").run(key).changes === 0) return undefined;
		} else this.#sql("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)").run(key, value, revision, lease ?? null);
		this.#sql("INSERT INTO change VALUES (?, ?, ?, ?)").run(revision, n, key, value ?? null);
		return value === undefined ? { type: "delete", key, revision } : { type: "put", entry: { key, value, revision } };
	}

	/** Within {@link atomically}: ends a revision, and forgets those that are too old. */
	finish(revision: number): void {
		this.#sql("UPDATE meta SET value = ? WHERE name = 'revision'").run(revision);
		if (revision % 100 === 0) this.compact(revision - keptRevisions);
	}

	/** Forgets all changes below `revision`. */
	compact(revision: number): void {
		if (revision <= this.#meta("compacted")) return;
		this.#sql("DELETE FROM change WHERE revision < ?").run(revision);
		this.#sql("UPDATE meta SET value = ? WHERE name = 'compacted'").run(revision);
	}

	/** @returns All changes from `revision` on, or undefined when they are no longer held. */
	changes(revision: number): StoreBatch[] | undefined {
		if (revision < this.#meta("compacted")) return undefined;
		const batches: { revision: number; events: StoreEvent[] }[] = [];
		for (const row of this.#sql(
			"SELECT revision, key, value FROM change WHERE revision >= ? ORDER BY revision, n",
		).iterate(revision)) {
			const { revision: at, key, value } = row as unknown as { revision: number; key: string; value: string | null };
			let last = batches.at(-1);
			if (last?.revision !== at) batches.push((last = { revision: at, events: [] }));
			last.events.push(
				value === null ? { type: "delete", key, revision: at } : { type: "put", entry: { key, value, revision: at } },
			);
		}
		return batches;
	}

	leases(): { id: LeaseId; ttl: number }[] {
		return this.#sql("SELECT id, ttl FROM lease")
			.all()
			.map((row) => ({ ...(row as { id: string; ttl: number }) }));
	}

	addLease(id: LeaseId, ttlSeconds: number): void {
		this.#sql("INSERT INTO lease VALUES (?, ?)").run(id, ttlSeconds);
	}

	hasLease(id: LeaseId): boolean {
		return this.#sql("SELECT id FROM lease WHERE id = ?").get(id) !== undefined;
	}

	removeLease(id: LeaseId): void {
		this.#sql("DELETE FROM lease WHERE id = ?").run(id);
	}

	close(): void {
		this.#db.close();
	}
}
