/** Lets changes of one thing run one after the other, and those of different things at once. */
export class Turns {
	readonly #last = new Map<string, Promise<unknown>>();

	/** Runs a change when those of the same key that came before are done, however they went. */
	run<T>(key: string, change: () => Promise<T>): Promise<T> {
		const before = this.#last.get(key) ?? Promise.resolve();
		const result = before.then(change, change);
		const settled = result.catch(() => {});
		this.#last.set(key, settled);
		void settled.then(() => {
			if (this.#last.get(key) === settled) this.#last.delete(key);
		});
		return result;
	}
}
