/** So many are remembered. */
const longestMemory = 1_000;

/** How containers ended, and those who wait for it. */
export class ContainerEnds {
	/** By id, the oldest first: also of those that were removed as they ended. */
	readonly #exitCodes = new Map<string, number>();
	readonly #waiting = new Map<string, Set<() => void>>();

	/** @returns Its exit code, when it has ended and what it left is tidied up. */
	exitCode(id: string): number | undefined {
		return this.#exitCodes.get(id);
	}

	/** Resolves with the exit code once the container has ended; with nothing when it was removed, or `signal` aborts, before. */
	async of(id: string, signal: AbortSignal): Promise<number | undefined> {
		if (this.#exitCodes.has(id) || signal.aborted) return this.#exitCodes.get(id);
		const { promise, resolve } = Promise.withResolvers<void>();
		const waiting = this.#waiting.get(id) ?? new Set();
		this.#waiting.set(id, waiting.add(resolve));
		const onAbort = () => resolve();
		signal.addEventListener("abort", onAbort);
		await promise;
		signal.removeEventListener("abort", onAbort);
		waiting.delete(resolve);
		if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
		return this.#exitCodes.get(id);
	}

	note(id: string, exitCode: number): void {
		this.#exitCodes.set(id, exitCode);
		const [oldest] = this.#exitCodes.keys();
		if (this.#exitCodes.size > longestMemory && oldest !== undefined) this.#exitCodes.delete(oldest);
		this.noteGone(id);
	}

	/** It has begun again: it has not ended. */
	forget(id: string): void {
		this.#exitCodes.delete(id);
	}

	/** Lets go of those who wait for one that will not end any more. */
	noteGone(id: string): void {
		for (const resolve of this.#waiting.get(id) ?? []) resolve();
	}
}
