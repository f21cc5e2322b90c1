import { readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import type { NetnsRef, Sysctl } from "../../model/kernel-state.ts";
import { sysctlDevice } from "../../plan/rank.ts";
import { codeOf, Errno } from "../errno.ts";
import { inNetns } from "../netns.ts";
import type { Session } from "./session.ts";

/**
 * Writes settings of one namespace, in order. /proc/sys/net is that of the thread which opens it.
 * @returns One entry for each: undefined, or what it was refused with (ENOENT: this kernel has no such setting, or no such device).
 * @throws {WeftError} NETNS_NOT_FOUND
 */
export function writeSysctls(session: Session, ns: NetnsRef, sysctls: readonly Sysctl[]): unknown[] {
	// A link that is leaving still has its settings, and does not count.
	const there = sysctls.map(({ key }) => session.has(ns, sysctlDevice(key) ?? "lo"));
	return inNetns(ns, () =>
		sysctls.map(({ key, value }, i) => {
			if (there[i] !== true) return new Errno("open", constants.errno.ENOENT);
			try {
				return writeFileSync(pathOf(key), value);
			} catch (error) {
				return error;
			}
		}),
	);
}

/** @returns What is set, by key; without those that are not there. @throws {WeftError} NETNS_NOT_FOUND */
export function readSysctls(ns: NetnsRef, keys: readonly string[]): Map<string, string> {
	const values = new Map<string, string>();
	if (keys.length === 0) return values;
	inNetns(ns, () => {
		for (const key of keys) {
			const value = read(key);
			if (value !== undefined) values.set(key, value);
		}
	});
	return values;
}

function read(key: string): string | undefined {
	try {
		return readFileSync(pathOf(key), "utf8").trim().replace(/\s+/g, " ");
	} catch (error) {
		if (codeOf(error) === "ENOENT") return undefined;
		throw error;
	}
}

function pathOf(key: string): string {
	if (!/^net(\.[\w-]+)+$/.test(key)) throw new TypeError(`Cannot use "${key}" as the key of a network setting`);
	return `/proc/sys/${key.replaceAll(".", "/")}`;
}
