import type { Entry } from "../store.ts";

interface Waiting {
	readonly key: string;
	readonly resolve: (entry: Entry | undefined) => void;
	readonly reject: (error: unknown) => void;
}

/** Ranges of one transaction, of the 128 operations that etcd takes. */
const mostKeys = 60;

/** Makes one request of all keys that are asked for in one turn of the event loop: a join looks up six. */
export class Gets {
	readonly #ask: (keys: readonly string[]) => Promise<readonly (Entry | undefined)[]>;
	#waiting: Waiting[] = [];

	/** @param ask Looks up keys, at one revision. */
	constructor(ask: (keys: readonly string[]) => Promise<readonly (Entry | undefined)[]>) {
		this.#ask = ask;
	}

	get(key: string): Promise<Entry | undefined> {
		return new Promise((resolve, reject) => {
			if (this.#waiting.length === 0) setImmediate(() => this.#flush());
			this.#waiting.push({ key, resolve, reject });
		});
	}

	#flush(): void {
		const all = this.#waiting;
		this.#waiting = [];
		for (let i = 0; i < all.length; i += mostKeys) void this.#answer(all.slice(i, i + mostKeys));
	}

	async #answer(some: readonly Waiting[]): Promise<void> {
		try {
			const entries = await this.#ask(some.map(({ key }) => key));
			for (const [i, { resolve }] of some.entries()) resolve(entries[i]);
		} catch (error) {
			for (const { reject } of some) reject(error);
		}
	}
}
