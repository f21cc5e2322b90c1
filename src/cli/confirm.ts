import { createInterface } from "node:readline/promises";
import type { Io } from "./io.ts";
import { UsageError } from "./usage-error.ts";

/** Asks a person. @throws {UsageError} when there is none to ask. */
export async function confirm(io: Io, warning: string): Promise<boolean> {
	if (io.stdin.isTTY !== true) {
		throw new UsageError("Cannot ask whether to go on: stdin is not a terminal", "--force does it without asking");
	}
	const lines = createInterface({ input: io.stdin, output: io.stderr });
	try {
		return /^y(es)?$/i.test((await lines.question(`${warning}\nGo on? [y/N] `)).trim());
	} finally {
		lines.close();
	}
}
