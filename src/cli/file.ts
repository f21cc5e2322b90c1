import { readFile } from "node:fs/promises";
import { writeWhole } from "../lib/whole-file.ts";
import { causeText, WeftError } from "../model/error.ts";

/** Writes a file that a person named, whole or not at all, for its owner alone. @throws {WeftError} CONFIG_INVALID */
export async function writeFileAt(path: string, text: string): Promise<void> {
	await writeWhole(path, text).catch((cause: unknown) => {
		throw unusable("write", path, cause);
	});
}

/** @throws {WeftError} CONFIG_INVALID */
export async function readFileAt(path: string): Promise<string> {
	return readFile(path, "utf8").catch((cause: unknown) => {
		throw unusable("read", path, cause);
	});
}

const reasons: Readonly<Record<string, string>> = {
	ENOENT: "it, or its folder, is not there",
	EACCES: "this user may not",
	EISDIR: "it is a folder",
	ENOSPC: "there is no room on its disk",
	EROFS: "its disk is read-only",
};

function unusable(verb: string, path: string, cause: unknown): WeftError {
	const reason = reasons[(cause as NodeJS.ErrnoException).code ?? ""] ?? causeText(cause);
	return new WeftError("CONFIG_INVALID", `Cannot ${verb} ${path}: ${reason}`, { fix: "name another file", cause });
}
