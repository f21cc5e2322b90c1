/** A clock that stands still, and one callback that waits for it. */
export class ManualClock {
	/** Ms. */
	time = 0;
	#due: { readonly at: number; readonly callback: () => void } | undefined;

	readonly now = (): number => this.time;

	/** Calls back later; what was to be called back before is not any more. @returns Ends it. */
	readonly later = (delayMs: number, callback: () => void): (() => void) => {
		const own = { at: this.time + delayMs, callback };
		this.#due = own;
		return () => {
			if (this.#due === own) this.#due = undefined;
		};
	};

	/** Goes on to the callback that waits, and calls it. @returns Whether one was due by `end`. */
	step(end: number): boolean {
		const due = this.#due;
		if (due === undefined || due.at > end) return false;
		this.time = due.at;
		this.#due = undefined;
		due.callback();
		return true;
	}
}
