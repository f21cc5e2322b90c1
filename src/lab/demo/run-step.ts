import { spawn } from "node:child_process";
import { once } from "node:events";
import { WeftError } from "../../model/error.ts";
import type { Lab } from "../lab.ts";
import { apart } from "../run.ts";
import type { Command } from "./steps.ts";

/** How what is shown is dressed: plain where it is no terminal. */
export interface Voice {
	/** No line is longer. */
	readonly columns: number;
	say(text: string): void;
	strong(text: string): string;
	faint(text: string): string;
	good(text: string): string;
}

/** Long enough for anything that is not stuck. */
const timeoutMs = 60_000;

/**
 * Runs one command as typed, shows it with its output, and holds it to what it must show.
 * @throws {WeftError} LAB_FAILED when it does not; and the signal's reason.
 */
export async function runCommand(
	lab: Lab,
	command: Command,
	{ voice, signal }: { readonly voice: Voice; readonly signal: AbortSignal },
): Promise<void> {
	const { host, line, show, expect, holds, fails } = command;
	voice.say(`${voice.faint(`${host} #`)} ${voice.strong(line)}`);
	const { code, output } = await ended(lab.argv(host, wordsOf(line)), signal);
	signal.throwIfAborted();
	for (const said of output.split("\n")) {
		const text = (show === undefined ? said : (show.exec(said)?.[0] ?? "")).trim();
		if (text !== "") voice.say(`  ${cut(text, voice.columns - 2)}`);
	}
	if ((code === 0) === (fails === true) || !holds(output)) {
		throw new WeftError("LAB_FAILED", `The demo failed at "${line}" on ${host}: expected ${expect}`, {
			fix: "weft demo --keep, and look at the hosts with weft lab exec --lab demo",
			cause: output.trim() || `it ended with ${code}, and said nothing`,
		});
	}
	voice.say(`  ${voice.good("✓")} ${voice.faint(expect)}\n`);
}

/** Runs a command to its end, or to the signal's. */
async function ended(
	[program = "", ...args]: readonly string[],
	signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly output: string }> {
	const child = spawn(apart, [program, ...args], { stdio: ["ignore", "pipe", "pipe"], cwd: "/", timeout: timeoutMs });
	const end = () => void child.kill();
	signal.addEventListener("abort", end);
	let output = "";
	for (const stream of [child.stdout, child.stderr])
		stream.on("data", (chunk) => {
			output += String(chunk);
		});
	const [code] = (await once(child, "close")) as [number | null];
	signal.removeEventListener("abort", end);
	return { code, output };
}

function cut(text: string, columns: number): string {
	return text.length > columns ? `${text.slice(0, columns - 1)}…` : text;
}

function wordsOf(line: string): string[] {
	return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}
