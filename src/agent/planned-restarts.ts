import { restartDelayMs } from "../model/restart.ts";

/** When containers begin again: later each time, until one runs well. */
export class PlannedRestarts {
	readonly #timers = new Map<string, NodeJS.Timeout>();
	readonly #delaysMs = new Map<string, number>();

	/** @param ranMs How long it ran before it ended. */
	plan(id: string, ranMs: number, restart: () => void): void {
		const delayMs = restartDelayMs(this.#delaysMs.get(id), ranMs);
		this.#delaysMs.set(id, delayMs);
		clearTimeout(this.#timers.get(id));
		const timer = setTimeout(() => {
			this.#timers.delete(id);
			restart();
		}, delayMs);
		this.#timers.set(id, timer);
	}

	has(id: string): boolean {
		return this.#timers.has(id);
	}

	cancel(id: string): void {
		clearTimeout(this.#timers.get(id));
		this.#timers.delete(id);
	}

	/** Cancels, and begins with the shortest delay the next time. */
	forget(id: string): void {
		this.cancel(id);
		this.#delaysMs.delete(id);
	}

	close(): void {
		for (const id of [...this.#timers.keys()]) this.cancel(id);
	}
}
