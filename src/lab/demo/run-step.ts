import { spawnSync } from "node:child_process";
import { WeftError } from "../../model/error.ts";
import type { Lab } from "../lab.ts";
import type { Command } from "./steps.ts";

/** How what is shown is dressed: plain where it is no terminal. */
export interface Voice {
	say(text: string): void;
	strong(text: string): string;
	faint(text: string): string;
	good(text: string): string;
}

/** Runs one command as typed, shows it with its output, and holds what it must show. @throws {WeftError} LAB_FAILED when it does not. */
export function runCommand(lab: Lab, { host, line, show, expect, holds, fails }: Command, voice: Voice): void {
	voice.say(`${voice.faint(`${host} #`)} ${voice.strong(line)}`);
	const [program = "", ...args] = lab.argv(host, wordsOf(line));
	const { stdout, stderr, status } = spawnSync(program, args, { encoding: "utf8", timeout: 60_000, cwd: "/" });
	const output = `${stdout}${stderr}`;
	for (const shown of output.split("\n")) {
		const text = shown.trimEnd();
		if (text !== "" && (show === undefined || show.test(text)))
			voice.say(`  ${text.length > 96 ? `${text.slice(0, 95)}…` : text}`);
	}
	if ((status === 0) === (fails === true) || !holds(output)) {
		throw new WeftError("LAB_FAILED", `The demo failed at "${line}" on ${host}: ${expect} was expected`, {
			fix: "weft demo --keep, and look at the hosts with weft lab exec",
			cause: output.trim(),
		});
	}
	voice.say(`  ${voice.good("✓")} ${voice.faint(expect)}\n`);
}

function wordsOf(line: string): string[] {
	return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}
