import { execFileSync } from "node:child_process";
import { causeText, WeftError } from "../model/error.ts";

/** In front of a command: from then on it is no business of the terminal's, so that what is begun is done though somebody presses Ctrl-C. */
export const apart = "setsid";

/** Runs a program of the bench (never of weft: that changes kernels without one). @throws {WeftError} LAB_FAILED with what it said. */
export function run(program: string, args: readonly string[], input?: string): string {
	try {
		return execFileSync(apart, [program, ...args], {
			encoding: "utf8",
			stdio: ["pipe", "pipe", "pipe"],
			...(input === undefined ? {} : { input }),
		});
	} catch (cause) {
		const { stderr } = cause as { stderr?: string };
		throw new WeftError("LAB_FAILED", `Cannot build the lab: ${program} ${args.join(" ")} failed`, {
			fix: "weft lab down removes what is there",
			cause: stderr?.trim() || causeText(cause),
		});
	}
}

/** Runs one iproute2 command a line. */
export function ip(...lines: readonly string[]): void {
	for (const line of lines) run("ip", line.split(" "));
}
