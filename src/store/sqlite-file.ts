import { chmodSync, closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { causeText, WeftError } from "../model/error.ts";

const schema = `
	CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL, lease TEXT) WITHOUT ROWID;
	CREATE INDEX entry_lease ON entry (lease) WHERE lease IS NOT NULL;
	CREATE TABLE change (revision INTEGER NOT NULL, n INTEGER NOT NULL, key TEXT NOT NULL, value TEXT, PRIMARY KEY (revision, n)) WITHOUT ROWID;
	CREATE TABLE lease (id TEXT PRIMARY KEY, ttl INTEGER NOT NULL) WITHOUT ROWID;
	CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
	INSERT INTO meta VALUES ('revision', 1), ('compacted', 1);
`;

/** Each finds one row in a database of weft's that is whole; all of it is read: 10 ms for 10,000 endpoints. */
const proofs = [
	"SELECT 1 FROM (SELECT integrity_check AS said FROM pragma_integrity_check) WHERE said = 'ok'",
	"SELECT 1 FROM (SELECT count(*) AS n FROM meta WHERE name IN ('revision', 'compacted') AND typeof(value) = 'integer') WHERE n = 2",
	"SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM entry WHERE typeof(key) <> 'text' OR typeof(value) <> 'text' OR typeof(revision) <> 'integer')",
	"SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM lease WHERE typeof(ttl) <> 'integer')",
	"SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM change WHERE typeof(key) <> 'text' OR typeof(value) NOT IN ('text', 'null'))",
];

/** 1 GiB, a hundred times what ten thousand endpoints take: whoever can write to the store need not fill the host's disk. */
const mostPages = 262_144;

export function memoryDatabase(): DatabaseSync {
	const db = new DatabaseSync(":memory:");
	db.exec(schema);
	return db;
}

/**
 * Opens a database, or makes it: whole or not at all. A file that is there is never emptied, repaired or moved: an agent that
 * began with an empty one would take down all that runs here.
 * @param create Whether one that is not there is made.
 * @throws {WeftError} DATABASE_DAMAGED, CONFLICT, STORE_FULL, CONFIG_INVALID
 */
export function databaseAt(path: string, create: boolean): DatabaseSync {
	try {
		if (!existsSync(path)) {
			if (existsSync(`${path}-wal`)) throw damaged(path, "it is gone, and its journal is there");
			if (!create) throw damaged(path, "it is gone");
			make(path);
		} else if (isCut(path)) throw damaged(path, "it is shorter than it was");
		return connect(path);
	} catch (cause) {
		throw translate(cause, path);
	}
}

function make(path: string): void {
	const half = `${path}.new`;
	const remove = () => {
		for (const one of [half, `${half}-journal`]) rmSync(one, { force: true });
	};
	remove();
	try {
		const db = new DatabaseSync(half);
		try {
			chmodSync(half, 0o600);
			db.exec(`PRAGMA synchronous = FULL; BEGIN; ${schema} COMMIT;`);
		} finally {
			db.close();
		}
		renameSync(half, path);
	} catch (error) {
		remove();
		throw error;
	}
}

/** SQLite takes what lacks of the last page for zeros, and an empty file for a new database. */
function isCut(path: string): boolean {
	const { size } = statSync(path);
	// What is in the journal may not be in the file yet.
	if (size > 0 && existsSync(`${path}-wal`)) return false;
	const header = Buffer.alloc(100);
	const file = openSync(path, "r");
	try {
		if (readSync(file, header) < header.length) return true;
	} finally {
		closeSync(file);
	}
	// sqlite.org/fileformat2: bytes 16 and 17 are the size of a page, 28 to 31 how many there are.
	const pageBytes = header.readUInt16BE(16);
	return header.toString("latin1", 0, 15) === "SQLite format 3" && size < pageBytes * header.readUInt32BE(28);
}

function connect(path: string): DatabaseSync {
	const db = new DatabaseSync(path);
	try {
		// A write that was acknowledged is on the disk: the journal is synced with each. One process at a time.
		db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;");
		db.exec(`PRAGMA max_page_count = ${mostPages};`);
		check(db, path);
		db.exec("PRAGMA journal_mode = WAL;");
		// That it can be written is known before anything is done that must be noted.
		db.exec("BEGIN IMMEDIATE; UPDATE meta SET value = value WHERE name = 'revision'; COMMIT;");
		return db;
	} catch (error) {
		db.close();
		throw error;
	}
}

/** @throws {WeftError} DATABASE_DAMAGED; the errors of node:sqlite. */
function check(db: DatabaseSync, path: string): void {
	const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
	const names = new Set(tables.map(({ name }) => name));
	if (!["entry", "change", "lease", "meta"].every((name) => names.has(name)))
		throw damaged(path, "it is another program's");
	for (const proof of proofs)
		if (db.prepare(proof).get() === undefined) throw damaged(path, "its content is not what weft wrote");
}

/** sqlite3.h: the primary result codes. */
const codes = { error: 1, busy: 5, readonly: 8, corrupt: 11, full: 13, notADatabase: 26 } as const;

/** The one place where SQLite's errors become weft's. A WeftError is kept. */
export function translate(cause: unknown, path: string): WeftError {
	if (cause instanceof WeftError) return cause;
	// Extended codes hold the primary one in their lowest byte.
	const code = ((cause as { errcode?: number }).errcode ?? 0) & 0xff;
	if (code === codes.busy)
		return new WeftError("CONFLICT", `Cannot open ${path}: another process holds it`, {
			fix: `weft status tells whether an agent runs; fuser ${path} shows the process`,
			cause,
		});
	if (code === codes.full)
		return new WeftError("STORE_FULL", `Cannot write ${path}: there is no room on its disk, or it has reached 1 GiB`, {
			fix: `make room: df -h ${path}; ls -l ${path}`,
			cause,
		});
	if (code === codes.corrupt || code === codes.notADatabase) return damaged(path, causeText(cause), cause);
	if (code === codes.readonly)
		return new WeftError("CONFIG_INVALID", `Cannot write ${path}: it is read-only`, {
			fix: `make it and its folder writable: findmnt -T ${path} shows how it is mounted`,
			cause,
		});
	return new WeftError("CONFIG_INVALID", `Cannot use ${path}: ${causeText(cause)}`, {
		fix: "check that it is a file, and that its folder is there and can be written",
		cause,
	});
}

function damaged(path: string, reason: string, cause?: unknown): WeftError {
	const left = existsSync(path) ? "; it was left as it is" : "";
	return new WeftError("DATABASE_DAMAGED", `Cannot use ${path}: ${reason}${left}`, {
		fix: `restore a backup in the place of ${path} and ${path}-wal; without one, stop this host's containers, move the whole folder away, and launch again`,
		...(cause === undefined ? {} : { cause }),
	});
}
