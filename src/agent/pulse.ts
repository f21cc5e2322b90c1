import { WeftError } from "../model/error.ts";

/** Lets others wait until something that is brought by events is so: each beat makes them look again. */
export class Pulse {
	readonly #waiting = new Set<() => void>();

	beat(): void {
		for (const look of [...this.#waiting]) look();
	}

	/** @throws {WeftError} TIMEOUT */
	until(holds: () => boolean, what: string, timeoutMs: number): Promise<void> {
		if (holds()) return Promise.resolve();
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.#waiting.delete(look);
				reject(
					new WeftError(
						"TIMEOUT",
						`Cannot see ${what} within ${timeoutMs} ms: the store has not shown it to this host`,
						{
							fix: "weft status tells whether the store answers",
						},
					),
				);
			}, timeoutMs);
			const look = () => {
				if (!holds()) return;
				clearTimeout(timer);
				this.#waiting.delete(look);
				resolve();
			};
			this.#waiting.add(look);
		});
	}
}
