/**
 * Waits for a while, and no longer than there is reason to.
 * @param listen Called once with what ends the wait early. @returns What stops listening.
 */
export function pause(delayMs: number, signal: AbortSignal, listen: (wake: () => void) => () => void): Promise<void> {
	return new Promise((resolve) => {
		const done = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", done);
			unlisten();
			resolve();
		};
		const timer = setTimeout(done, delayMs);
		const unlisten = listen(done);
		signal.addEventListener("abort", done);
		if (signal.aborted) done();
	});
}
