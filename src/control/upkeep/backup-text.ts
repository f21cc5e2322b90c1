import { createHash } from "node:crypto";
import { WeftError } from "../../model/error.ts";
import { keys } from "../../model/keys.ts";
import type { Snapshot } from "../../store/store.ts";

/** One record of a backup. */
export interface BackupRecord {
	readonly key: string;
	readonly value: string;
}

export interface BackupHeader {
	readonly format: typeof format;
	readonly version: number;
	/** The store that it was taken of, and the host that took it. */
	readonly store: string;
	readonly host: string;
	readonly revision: number;
	/** ISO 8601, UTC. */
	readonly date: string;
	readonly count: number;
}

const format = "weft backup";
const version = 1;

/** Whether a key goes along into another store: what is leased, and what is told from one to the other, does not. */
export function isMoved(key: string): boolean {
	return ![keys.alive, keys.moving, "paths"].some((prefix) => key === prefix || key.startsWith(`${prefix}/`));
}

/** Whether a key is in a backup. A token is good for one use: no old picture of it may make it good again. */
export function isKept(key: string): boolean {
	return isMoved(key) && !key.startsWith(`${keys.tokens}/`);
}

/** @yields The lines of a backup, each a JSON text: a header, the records, and the SHA-256 of all that is before it. */
export function* backupLines(
	{ entries, revision }: Snapshot,
	from: Pick<BackupHeader, "store" | "host" | "date">,
): Iterable<string> {
	const records = entries.filter(({ key }) => isKept(key));
	const header: BackupHeader = { format, version, ...from, revision, count: records.length };
	const hash = createHash("sha256");
	const hashed = (value: object) => {
		const line = JSON.stringify(value);
		hash.update(`${line}\n`);
		return line;
	};
	yield hashed(header);
	for (const { key, value } of records) yield hashed({ key, value } satisfies BackupRecord);
	yield JSON.stringify({ sha256: hash.digest("hex") });
}

/**
 * Reads a backup, all of it or nothing.
 * @param name What messages call it: its file.
 * @throws {WeftError} BACKUP_DAMAGED when it is no backup, of a later version, cut, or changed.
 */
export function readBackup(text: string, name: string): { header: BackupHeader; records: BackupRecord[] } {
	const [first = "", ...rest] = text.split("\n");
	const header = json(first) as Partial<BackupHeader> | undefined;
	if (header?.format !== format) throw damaged(name, "it is no backup of weft's", "weft store backup FILE makes one");
	if (header.version !== version)
		throw damaged(name, `its version is ${header.version}, this weft reads ${version}`, "use the weft that made it");
	const end = rest.at(-1) === "" ? rest.at(-2) : undefined;
	const sum = end === undefined ? undefined : (json(end) as { sha256?: unknown } | undefined)?.sha256;
	if (end === undefined || typeof sum !== "string") throw damaged(name, "it is cut: its last line is no checksum");
	const hash = createHash("sha256").update(text.slice(0, text.length - end.length - 1));
	if (hash.digest("hex") !== sum) throw damaged(name, "its checksum is wrong");
	const records = rest.slice(0, -2).map((line) => json(line) as BackupRecord);
	if (records.length !== header.count || !records.every(isRecord))
		throw damaged(name, `its header speaks of ${header.count} records`);
	return { header: header as BackupHeader, records };
}

function isRecord(record: Partial<BackupRecord> | undefined): boolean {
	return typeof record?.key === "string" && typeof record.value === "string" && isKept(record.key);
}

function json(line: string): unknown {
	try {
		const value: unknown = JSON.parse(line);
		return typeof value === "object" && value !== null ? value : undefined;
	} catch {
		return undefined;
	}
}

function damaged(name: string, reason: string, fix = "take another backup; nothing was changed"): WeftError {
	return new WeftError("BACKUP_DAMAGED", `Cannot restore ${name}: ${reason}`, { fix });
}
