import { readFile } from "node:fs/promises";
import { causeText, WeftError } from "../model/error.ts";
import { restartNames } from "../model/restart.ts";
import {
	type Check,
	faultOf,
	isBoolean,
	isCount,
	isListOf,
	isRecordOf,
	isText,
	isTime,
	maybe,
} from "../model/shape.ts";

/** A file that an agent wrote whole, and that is something else by now. */
export function damagedFile(path: string, reason: string): WeftError {
	return new WeftError("FILE_DAMAGED", `Cannot use ${path}: ${reason}; it was left as it is`, {
		fix: "restore it from a backup and start the agent anew, or remove its container: weft rm --force ID",
	});
}

/** @returns undefined for a file that is not there. @throws The errors of node:fs. */
export async function textOf(path: string): Promise<string | undefined> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		// ESRCH: the process ended while its file was read.
		if (code === "ENOENT" || code === "ESRCH") return undefined;
		throw error;
	}
}

/** @returns undefined for a file that is not there. @throws {WeftError} FILE_DAMAGED, also for one that cannot be read. */
export async function jsonOf(path: string, check: Check): Promise<unknown> {
	let value: unknown;
	try {
		const text = await textOf(path);
		if (text === undefined) return undefined;
		value = JSON.parse(text);
	} catch (error) {
		throw damagedFile(path, causeText(error));
	}
	const fault = check(value);
	if (fault !== undefined) throw damagedFile(path, fault);
	return value;
}

export const isNetworkJoin = isRecordOf({ network: isText, ip: maybe(isText), aliases: isListOf(isText) });

export const specFault = faultOf({
	id: isText,
	name: isText,
	hostname: isText,
	command: isListOf(isText),
	env: isListOf(isText),
	workdir: isText,
	rootfs: maybe(isText),
	netns: isText,
	tty: isBoolean,
	stdin: isBoolean,
	autoRemove: isBoolean,
	restart: maybe(
		isRecordOf({
			name: (name) => (restartNames as readonly unknown[]).includes(name),
			maximumRetryCount: isCount,
		}),
	),
	networks: maybe(isListOf(isNetworkJoin)),
	createdAt: isTime,
});

export const recordFault = faultOf({ count: isCount, stopped: isBoolean, begun: isBoolean });

export const joinsFault: Check = (value) => (isListOf(isNetworkJoin)(value) ? undefined : "it is no list of networks");
