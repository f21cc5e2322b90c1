import { WeftError } from "../model/error.ts";

/** Primary result codes of sqlite3.h. */
export const SQLITE_BUSY = 5;
const [SQLITE_READONLY, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_NOTADB] = [8, 10, 11, 13, 26];

/** An error of node:sqlite. */
export interface SqliteError extends Error {
	readonly errcode: number;
}

export function isSqliteError(error: unknown): error is SqliteError {
	return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

/** @returns The primary result code: extended ones have it in their lowest byte. */
export function primaryCode({ errcode }: SqliteError): number {
	return errcode & 0xff;
}

export function isDamage(error: SqliteError): boolean {
	return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(primaryCode(error));
}

/** @returns Why a database that was open could not be written. {@link error} itself for what is a caller's bug. */
export function refusedByDisk(cause: SqliteError, path: string): WeftError | SqliteError {
	switch (primaryCode(cause)) {
		case SQLITE_FULL:
			return new WeftError("DISK_FULL", `Cannot write to ${path}: there is no room on its disk`, {
				fix: `make room; df ${path} shows how much there is`,
				cause,
			});
		case SQLITE_READONLY:
			return new WeftError("NOT_PERMITTED", `Cannot write to ${path}: it is read-only`, {
				fix: `mount its disk for writing; findmnt -T ${path} shows how it is mounted`,
				cause,
			});
		case SQLITE_IOERR:
		case SQLITE_CORRUPT:
		case SQLITE_NOTADB:
			return new WeftError("DATABASE_DAMAGED", `Cannot use ${path}: it is damaged, or its disk is`, {
				fix: "look at dmesg; restart the agent, which examines the file",
				cause,
			});
		default:
			return cause;
	}
}
