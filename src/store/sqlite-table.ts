import type { DatabaseSync, StatementSync } from "node:sqlite";
import { WeftError } from "../model/error.ts";
import type { Entry, LeaseId, StoreBatch, StoreEvent } from "./store.ts";

/** Revisions that a watcher may lag behind, or be away. */
const keptRevisions = 10_000;

/** How long they may be together; the older half goes when they are longer. */
const keptChars = 64 * 1024 * 1024;

/** What a list may hold: many times what ten thousand endpoints take. */
export const longestListChars = 64 * 1024 * 1024;

interface EntryRow {
	readonly key: string;
	readonly value: string;
	readonly revision: number;
}

/** The SQL of the embedded store: entries, the log of changes for those who watch, and leases. Synchronous; each method is one step. */
export class SqliteTable {
	readonly #db: DatabaseSync;
	readonly #statements = new Map<string, StatementSync>();

	/** Of the changes that are kept; what was written and taken back counts, too, until it matters. */
	#changeChars: number;

	constructor(db: DatabaseSync) {
		this.#db = db;
		this.#changeChars = this.#charsBelow(Number.MAX_SAFE_INTEGER);
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

	/** @throws {WeftError} STORE_FULL when it is longer than whoever asks could want. */
	list(prefix: string): Entry[] {
		const rows =
			prefix === ""
				? this.#sql("SELECT key, value, revision FROM entry ORDER BY key").iterate()
				: // '0' is the character behind '/': the range holds what is below the prefix, and nothing beside it.
					this.#sql(
						"SELECT key, value, revision FROM entry WHERE key = ?1 OR (key >= ?1 || '/' AND key < ?1 || '0') ORDER BY key",
					).iterate(prefix);
		const entries: Entry[] = [];
		let chars = 0;
		for (const row of rows) {
			const { key, value, revision } = row as unknown as EntryRow;
			if ((chars += key.length + value.length) > longestListChars) throw tooLong(prefix);
			entries.push({ key, value, revision });
		}
		return entries;
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
		this.#changeChars += key.length + (value?.length ?? 0);
		return value === undefined ? { type: "delete", key, revision } : { type: "put", entry: { key, value, revision } };
	}

	/** Within {@link atomically}: ends a revision, and forgets those that are too old. */
	finish(revision: number): void {
		this.#sql("UPDATE meta SET value = ? WHERE name = 'revision'").run(revision);
		if (revision % 100 === 0) this.compact(revision - keptRevisions);
		if (this.#changeChars > keptChars) this.#compactToHalf();
	}

	/** Forgets all changes below `revision`. */
	compact(revision: number): void {
		if (revision <= this.#meta("compacted")) return;
		this.#changeChars -= this.#charsBelow(revision);
		this.#sql("DELETE FROM change WHERE revision < ?").run(revision);
		this.#sql("UPDATE meta SET value = ? WHERE name = 'compacted'").run(revision);
	}

	#compactToHalf(): void {
		let chars = 0;
		const rows = this.#sql(
			"SELECT revision, sum(length(key) + ifnull(length(value), 0)) AS chars FROM change GROUP BY revision ORDER BY revision DESC",
		).all() as unknown as { revision: number; chars: number }[];
		const tooMuch = rows.find((row) => (chars += row.chars) > keptChars / 2);
		if (tooMuch !== undefined) this.compact(tooMuch.revision + 1);
		this.#changeChars = this.#charsBelow(Number.MAX_SAFE_INTEGER);
	}

	#charsBelow(revision: number): number {
		const sum = this.#sql(
			"SELECT ifnull(sum(length(key) + ifnull(length(value), 0)), 0) AS chars FROM change WHERE revision < ?",
		);
		return (sum.get(revision) as { chars: number }).chars;
	}

	/** @returns The first changes at `revision` or behind it. @throws {WeftError} STORE_CURSOR_LOST when that is no longer held. */
	batchFrom(revision: number): StoreBatch | undefined {
		if (revision < this.#meta("compacted"))
			throw new WeftError("STORE_CURSOR_LOST", `Cannot watch from revision ${revision}: it is no longer held`);
		const rows = this.#sql(
			"SELECT revision, key, value FROM change WHERE revision = (SELECT min(revision) FROM change WHERE revision >= ?) ORDER BY n",
		).all(revision) as unknown as { revision: number; key: string; value: string | null }[];
		const at = rows[0]?.revision;
		if (at === undefined) return undefined;
		const events = rows.map(
			({ key, value }): StoreEvent =>
				value === null ? { type: "delete", key, revision: at } : { type: "put", entry: { key, value, revision: at } },
		);
		return { revision: at, events };
	}

	leases(): { id: LeaseId; ttl: number }[] {
		return this.#sql("SELECT id, ttl FROM lease")
			.all()
			.map((row) => ({ ...(row as { id: string; ttl: number }) }));
	}

	addLease(id: LeaseId, ttlSeconds: number): void {
		this.#sql("INSERT INTO lease VALUES (?, ?)").run(id, ttlSeconds);
	}

	/** @returns In seconds; undefined when there is no such lease. */
	ttlOf(id: LeaseId): number | undefined {
		return (this.#sql("SELECT ttl FROM lease WHERE id = ?").get(id) as { ttl: number } | undefined)?.ttl;
	}

	removeLease(id: LeaseId): void {
		this.#sql("DELETE FROM lease WHERE id = ?").run(id);
	}

	close(): void {
		this.#db.close();
	}
}

function tooLong(prefix: string): WeftError {
	return new WeftError(
		"STORE_FULL",
		`Cannot list "${prefix}" in the store: it holds more than ${longestListChars >> 20} MiB`,
		{
			fix: "remove what was put there: it is not weft's",
		},
	);
}
