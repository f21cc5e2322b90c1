import { setImmediate as nextTurn } from "node:timers/promises";
import { type Io, note } from "./io.ts";
import { untilStopped } from "./until-stopped.ts";

const interrupted = 130;

/** Does work that can be interrupted, and tidies up by itself. @returns How the process ends. @throws What the work throws by itself. */
export async function interruptible(io: Io, work: (signal: AbortSignal) => Promise<void>): Promise<number> {
	const signal = untilStopped(io);
	try {
		await work(signal);
		return 0;
	} catch (error) {
		// The terminal tells the programs that work is done with as well: their failure may be heard first.
		await nextTurn();
		if (!signal.aborted) throw error;
		note(io, "interrupted");
		return interrupted;
	}
}
