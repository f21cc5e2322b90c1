import { pause } from "../lib/pause.ts";
import type { Endpoints, Server } from "./endpoints.ts";
import type { StoreBatch } from "./store.ts";

const [shortestDelayMs, longestDelayMs] = [50, 2_000];

/**
 * One stream after the other, of whichever server answers, until `signal` aborts.
 * @param stream Goes on where the one before broke. It calls `heard` when the server has answered.
 * @throws {WeftError} STORE_CURSOR_LOST, STORE_REFUSED
 */
export async function* rewatch<S extends Server>(
	endpoints: Endpoints<S>,
	signal: AbortSignal,
	stream: (server: S, heard: () => void) => AsyncIterable<StoreBatch>,
): AsyncIterable<StoreBatch> {
	let delayMs = shortestDelayMs;
	while (!signal.aborted) {
		const { server } = endpoints;
		try {
			yield* stream(server, () => {
				endpoints.answered(server);
				delayMs = shortestDelayMs;
			});
		} catch (cause) {
			if (signal.aborted) return;
			const error = server.translate(cause);
			if (error.code === "STORE_CURSOR_LOST") throw error;
			endpoints.failed(server, error);
			if (error.code === "STORE_REFUSED") throw error;
		}
		await pause(delayMs, signal, (wake) => endpoints.onChange((reachable) => reachable && wake()));
		delayMs = Math.min(delayMs * 2, longestDelayMs);
	}
}
