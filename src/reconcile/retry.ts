const firstDelayMs = 50;
const longestDelayMs = 5_000;

/** Calls back after a delay that doubles with each failure in a row: 50 ms to 5 s. */
export class Retry {
	readonly #again: () => void;
	#delayMs = firstDelayMs;
	#timer: NodeJS.Timeout | undefined;

	constructor(again: () => void) {
		this.#again = again;
	}

	later(): void {
		if (this.#timer !== undefined) return;
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			this.#again();
		}, this.#delayMs);
		this.#delayMs = Math.min(this.#delayMs * 2, longestDelayMs);
	}

	reset(): void {
		this.#delayMs = firstDelayMs;
	}

	close(): void {
		clearTimeout(this.#timer);
	}
}
