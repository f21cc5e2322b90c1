import { maxOperations, type Store, type Write } from "../store/store.ts";

/** Writes are gathered this long: the copy is for the next start, and a synced write for each change would be felt. */
const gatherMs = 100;

/** A disk that is full may have room again. */
const retryMs = 5_000;

interface Copied {
	readonly key: string;
	readonly value: string;
}

/** A durable copy, in the host's database, of some of the cluster's records. It may lag; it is for the time when the cluster has them not. */
export class LocalCopy {
	readonly #local: Store;
	readonly #folder: string;
	readonly #onError: (error: unknown) => void;
	#pending = new Map<string, string | undefined>();
	#written = Promise.resolve();
	#timer: NodeJS.Timeout | undefined;
	#closed = false;

	/** @param folder Where in the host's database it stands. */
	constructor(local: Store, folder: string, onError: (error: unknown) => void) {
		this.#local = local;
		this.#folder = folder;
		this.#onError = onError;
	}

	/** @param value undefined takes the key out of the copy. */
	put(key: string, value: string | undefined): void {
		this.#pending.set(key, value);
		// One that was refused waits for its time, and takes this along: each attempt that fails is told.
		this.#later(gatherMs);
	}

	#later(delayMs: number): void {
		this.#timer ??= setTimeout(() => void this.flush(), delayMs);
	}

	/** @returns Nothing when it cannot be read: it is made anew when the store answers. */
	async list(prefix: string): Promise<Copied[]> {
		try {
			const { entries } = await this.#local.list(`${this.#folder}/${prefix}`);
			return entries.map(({ key, value }) => ({ key: key.slice(this.#folder.length + 1), value }));
		} catch (error) {
			this.#onError(error);
			return [];
		}
	}

	/** Writes what is left; what cannot be written is lost to the copy. */
	async close(): Promise<void> {
		this.#closed = true;
		await this.flush();
	}

	/**
	 * Makes the copy of all below `prefix` equal to what the store holds: what went while this host did not look goes here, too.
	 * @param signal Aborts when the copy of it is wanted no more.
	 */
	async replace(prefix: string, entries: readonly Copied[], signal: AbortSignal): Promise<void> {
		await this.flush();
		const former = new Map((await this.list(prefix)).map(({ key, value }) => [key, value]));
		if (signal.aborted) return;
		for (const { key, value } of entries) {
			if (former.get(key) !== value) this.put(key, value);
			former.delete(key);
		}
		for (const key of former.keys()) this.put(key, undefined);
	}

	/** Writes what is gathered. What cannot be written is told to `onError`, and tried again. */
	flush(): Promise<void> {
		this.#written = this.#written.then(() => this.#write());
		return this.#written;
	}

	async #write(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const pending = this.#pending;
		const writes = [...pending].map(
			([key, value]): Write =>
				value === undefined ? { delete: `${this.#folder}/${key}` } : { put: `${this.#folder}/${key}`, value },
		);
		this.#pending = new Map();
		try {
			for (let i = 0; i < writes.length; i += maxOperations)
				await this.#local.txn([], writes.slice(i, i + maxOperations));
		} catch (error) {
			// What has changed since is newer.
			this.#pending = new Map([...pending, ...this.#pending]);
			if (!this.#closed) this.#later(retryMs);
			this.#onError(error);
		}
	}
}
