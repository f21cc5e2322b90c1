import { localKeys } from "../model/keys.ts";
import type { Store, Write } from "../store/store.ts";

/** Writes are gathered this long: the copy is for the next start, and a synced write for each change would be felt. */
const gatherMs = 100;

/** Operations of one transaction: below etcd's default limit, and a short one for a database. */
const chunk = 100;

/** The host's durable copy of what it mirrors of the cluster's store. It may lag; it is never asked while the store answers. */
export class LocalCopy {
	readonly #local: Store;
	readonly #onError: (error: unknown) => void;
	#pending = new Map<string, string | undefined>();
	#timer: NodeJS.Timeout | undefined;

	constructor(local: Store, onError: (error: unknown) => void) {
		this.#local = local;
		this.#onError = onError;
	}

	/** @param value undefined takes the key out of the copy. */
	put(key: string, value: string | undefined): void {
		this.#pending.set(key, value);
		this.#timer ??= setTimeout(() => void this.flush(), gatherMs);
	}

	async list(prefix: string): Promise<{ key: string; value: string }[]> {
		const { entries } = await this.#local.list(localKeys.copyOf(prefix));
		return entries.map(({ key, value }) => ({ key: key.slice(localKeys.copy.length + 1), value }));
	}

	async flush(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const pending = this.#pending;
		const writes = [...pending].map(
			([key, value]): Write =>
				value === undefined ? { delete: localKeys.copyOf(key) } : { put: localKeys.copyOf(key), value },
		);
		this.#pending = new Map();
		try {
			for (let i = 0; i < writes.length; i += chunk) await this.#local.txn([], writes.slice(i, i + chunk));
		} catch (error) {
			// The next change takes it along, if it has not changed by then.
			this.#pending = new Map([...pending, ...this.#pending]);
			this.#onError(error);
		}
	}
}
