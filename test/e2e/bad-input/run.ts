import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { Ended, TestLab } from "../with-lab.ts";

export function scriptPath(name: string): string {
	return new URL(name, import.meta.url).pathname;
}

/**
 * Runs command lines of weft in one process on a host: 10 ms each, and not 200.
 * @param as A command that runs others as somebody else.
 */
export function runLines(
	lab: TestLab,
	host: string,
	lines: readonly (readonly string[])[],
	as: readonly string[] = [],
): Ended[] {
	const [program = "", ...args] = lab.lab.argv(host, [...as, process.execPath, scriptPath("run-lines.ts")]);
	const options = { encoding: "utf8", input: JSON.stringify(lines), timeout: 60_000, cwd: "/" } as const;
	const { stdout, stderr } = spawnSync(program, args, options);
	assert.notEqual(stdout, "", stderr);
	return JSON.parse(stdout) as Ended[];
}
