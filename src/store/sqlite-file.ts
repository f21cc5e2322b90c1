import { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { causeText, WeftError } from "../model/error.ts";
import { isDamage, isSqliteError, primaryCode, refusedByDisk, SQLITE_BUSY } from "./sqlite-error.ts";
import { SqliteTable } from "./sqlite-table.ts";

/**
 * Opens the database in a file, and makes it when there is none. One that is damaged is kept aside, and stays missed: an empty
 * one in its place would be taken for a cluster without networks, and everything that runs would be taken down.
 * @throws {WeftError} DATABASE_DAMAGED, CONFLICT, DISK_FULL, NOT_PERMITTED, CONFIG_INVALID
 */
export function tableIn(path: string): SqliteTable {
	try {
		if (!existsSync(path)) create(path);
		// A database is never empty, as it comes into its place whole.
		else if (isCut(path)) throw setAside(path, "it is cut off");
		const table = new SqliteTable(path, { fresh: false });
		const fault = examine(table);
		if (fault !== undefined) throw setAside(path, fault);
		return table;
	} catch (error) {
		throw translate(error, path);
	}
}

/** @returns Whether a file is empty, or ends within a page although no journal could complete it. SQLite would fill it up with zeros. */
function isCut(path: string): boolean {
	const stat = statSync(path);
	if (!stat.isFile()) return false;
	return stat.size === 0 || (stat.size % pageBytes > 0 && !existsSync(path + walEnding));
}

/** SQLite's own choice for new databases. */
const pageBytes = 4096;

/** @returns What is wrong with it: it is closed then. */
function examine(table: SqliteTable): string | undefined {
	try {
		const fault = table.fault();
		if (fault !== undefined) table.close();
		return fault;
	} catch (error) {
		table.close();
		throw error;
	}
}

/** Makes a database beside its place, and moves it there when it is whole. */
function create(path: string): void {
	const name = basename(path);
	const missed = existsSync(dirname(path))
		? readdirSync(dirname(path)).find((file) => file.startsWith(`${name}${asideMark}`) && !file.endsWith(walEnding))
		: undefined;
	if (missed !== undefined) throw damaged(path, join(dirname(path), missed), "it was, when it was last opened");
	const half = `${path}.new`;
	for (const ending of ["", walEnding]) rmSync(half + ending, { force: true });
	new SqliteTable(half, { fresh: true }).close();
	chmodSync(half, 0o600);
	renameSync(half, path);
}

const asideMark = ".damaged-";
/** Of the journal, which belongs to its database and to no other. */
const walEnding = "-wal";

function setAside(path: string, cause: unknown): WeftError {
	const aside = `${path}${asideMark}${Date.now()}`;
	for (const ending of [walEnding, ""]) if (existsSync(path + ending)) renameSync(path + ending, aside + ending);
	return damaged(path, aside, cause);
}

function damaged(path: string, aside: string, cause: unknown): WeftError {
	return new WeftError("DATABASE_DAMAGED", `Cannot open ${path}: it is damaged; it was kept as ${aside}`, {
		fix: `put a backup at its place; or move ${aside} elsewhere to begin with an empty one, which forgets all that was in it`,
		cause,
	});
}

function translate(error: unknown, path: string): unknown {
	if (error instanceof WeftError) return error;
	if (isSqliteError(error)) {
		if (primaryCode(error) === SQLITE_BUSY) {
			return new WeftError("CONFLICT", `Cannot open ${path}: another process holds it`, {
				fix: `weft status tells whether an agent runs; fuser ${path} shows the process`,
				cause: error,
			});
		}
		// SQL of weft's own that fails tells of a file whose tables are another program's.
		if (isDamage(error) || foreign.includes(primaryCode(error))) return setAside(path, error);
		const refused = refusedByDisk(error, path);
		if (refused instanceof WeftError) return refused;
	}
	const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
	return new WeftError("CONFIG_INVALID", `Cannot open ${path}: ${isFolder ? "it is a folder" : causeText(error)}`, {
		fix: isFolder ? `move it away: mv ${path} ${path}.old` : "check that its folder is there and can be written",
		cause: error,
	});
}

/** SQLITE_ERROR, SQLITE_CONSTRAINT, SQLITE_MISMATCH. */
const foreign = [1, 19, 20];
