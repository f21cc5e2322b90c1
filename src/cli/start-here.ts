import { spawn } from "node:child_process";
import { constants } from "node:os";
import { WeftError } from "../model/error.ts";
import type { Io } from "./io.ts";

/** A shell says so when a program is not there, or may not be run. */
const notStarted = 126;

/**
 * Runs a program with this process's own terminal and streams.
 * @returns How it ended: its code, or 128 and the number of the signal, as a shell says it.
 * @throws {WeftError} PROGRAM_MISSING
 */
export function startHere(
	io: Io,
	[file = "", ...args]: readonly string[],
	{ stdin, output }: { readonly stdin: boolean; readonly output: boolean },
): Promise<number> {
	const { promise, resolve, reject } = Promise.withResolvers<number>();
	const shown = output ? "inherit" : "ignore";
	const child = spawn(file, args, { stdio: [stdin ? "inherit" : "ignore", shown, shown] });
	child.once("error", (cause) =>
		reject(
			new WeftError("PROGRAM_MISSING", `Cannot run ${file}: it does not start`, {
				cause,
				fix: `install ${file}, and run weft as root`,
			}),
		),
	);
	// The terminal sends SIGINT and SIGQUIT to the child as well.
	const giveBack = io.onSignal(["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"], (signal) => {
		if (signal === "SIGTERM" || signal === "SIGHUP") child.kill(signal);
	});
	child.once("exit", (code, signal) =>
		resolve(code ?? (signal === null ? notStarted : 128 + constants.signals[signal])),
	);
	return promise.finally(giveBack);
}
