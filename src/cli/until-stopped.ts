import type { Io } from "./io.ts";

/** @returns Aborts when the process is asked to end. */
export function untilStopped(io: Io): AbortSignal {
	const stopped = new AbortController();
	io.onSignal(["SIGTERM", "SIGINT"], () => stopped.abort());
	return stopped.signal;
}
