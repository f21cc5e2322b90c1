import type { WeftError } from "../model/error.ts";
import type { ProblemView } from "../model/view.ts";

interface Trouble {
	readonly error: WeftError;
	readonly since: string;
	readonly holds: () => boolean;
}

/** What went wrong on this host for somebody to see in `weft status`, for as long as it holds. */
export class Troubles {
	readonly #byKey = new Map<string, Trouble>();

	/** @param key What it is about: a later trouble with the same takes its place. @returns Whether it was not known before. */
	note(key: string, error: WeftError, holds: () => boolean): boolean {
		const known = this.#byKey.get(key);
		if (known?.error.message === error.message && known.holds()) return false;
		this.#byKey.set(key, { error, since: new Date().toISOString(), holds });
		return true;
	}

	/** Forgets what is over. */
	end(key: string): void {
		this.#byKey.delete(key);
	}

	list(): ProblemView[] {
		for (const [key, { holds }] of this.#byKey) if (!holds()) this.#byKey.delete(key);
		return [...this.#byKey.values()].map(({ error, since }) => ({ ...error.toBody(), since }));
	}
}
