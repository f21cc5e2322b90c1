import { setImmediate as nextTurn } from "node:timers/promises";

/** To be awaited between two pieces of work that hold up everything else: a signal that came meanwhile is heard. @throws The signal's reason. */
export async function goOn(signal: AbortSignal | undefined): Promise<void> {
	await nextTurn();
	signal?.throwIfAborted();
}
