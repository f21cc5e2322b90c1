import { pause } from "../lib/pause.ts";
import { isWeftError } from "../model/error.ts";
import type { Entry, Snapshot, Store, StoreBatch, StoreEvent } from "../store/store.ts";
import type { LocalCopy } from "./local-copy.ts";

export interface MirrorOptions {
	readonly store: Store;
	readonly prefix: string;
	/** Told of each key that changed; `value` is undefined for one that is gone. Never called for what was not written. */
	readonly onChange: (key: string, value: string | undefined) => void;
	/** Called after the changes of one batch. */
	readonly onBatch: () => void;
	/** Keeps what is mirrored for the time when the store is away. */
	readonly copy?: LocalCopy;
}

const longestDelayMs = 2_000;

/**
 * Follows a part of a store: a snapshot, then each change in order. While the store cannot be reached, the mirror holds what it
 * knew (from the local copy, after a restart); when the cursor is lost, it takes a new snapshot, and tells all of it: a store that was
 * restored from a backup gives a revision to another value.
 */
export class Mirror {
	readonly #options: MirrorOptions;
	/** The revision of each key's last change; 0 where it is not known. */
	readonly #revisions = new Map<string, number>();
	readonly #ended = new AbortController();
	#renewed = new AbortController();
	/** The highest revision that was seen. */
	revision = 0;
	/** Resolves with the first picture: the store's, or the local copy's when the store is away; without a copy it is rejected then. */
	readonly ready: Promise<void>;

	constructor(options: MirrorOptions) {
		this.#options = options;
		this.ready = new Promise((resolve, reject) => void this.#follow(resolve, reject));
		// Who does not wait for it has nothing to hear.
		this.ready.catch(() => {});
	}

	close(): void {
		this.#ended.abort();
	}

	/** Takes a new snapshot, in which no revision means what it meant before: the store is another one. */
	renew(): void {
		for (const key of this.#revisions.keys()) this.#revisions.set(key, 0);
		this.revision = 0;
		this.#renewed.abort();
	}

	async #follow(ready: () => void, failed: (error: unknown) => void): Promise<void> {
		const { store, copy } = this.#options;
		const { signal } = this.#ended;
		for (let delayMs = 50; !signal.aborted; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
			try {
				const changes = await this.#look(ready);
				delayMs = 50;
				for await (const batch of changes) {
					this.revision = batch.revision;
					for (const event of batch.events) this.#take(event);
					this.#options.onBatch();
				}
			} catch (error) {
				if (signal.aborted) return;
				if (isWeftError(error, "STORE_CURSOR_LOST")) {
					for (const key of this.#revisions.keys()) this.#revisions.set(key, 0);
					continue;
				}
				// What is there, and cannot be read, must not be taken for nothing.
				if (copy === undefined) failed(error);
				else if (this.#revisions.size === 0) await this.#recall(copy);
				ready();
				await pause(delayMs, signal, (wake) => store.health.onChange((reachable) => reachable && wake()));
			}
		}
	}

	/** Takes a new picture. @returns What changes from there on; the picture itself is held no longer. */
	async #look(ready: () => void): Promise<AsyncIterable<StoreBatch>> {
		const { store, prefix, copy } = this.#options;
		this.#renewed = new AbortController();
		const watched = AbortSignal.any([this.#ended.signal, this.#renewed.signal]);
		const snapshot = await store.list(prefix);
		this.#replace(snapshot);
		ready();
		await copy?.replace(prefix, snapshot.entries, this.#ended.signal);
		return store.watch(prefix, snapshot, watched);
	}

	async #recall(copy: LocalCopy): Promise<void> {
		const { prefix } = this.#options;
		for (const { key, value } of await copy.list(prefix)) {
			this.#revisions.set(key, 0);
			this.#options.onChange(key, value);
		}
		this.#options.onBatch();
	}

	#replace({ entries, revision }: Snapshot): void {
		this.revision = revision;
		const kept = new Set(entries.map(({ key }) => key));
		for (const key of [...this.#revisions.keys()]) if (!kept.has(key)) this.#delete(key);
		for (const entry of entries) if (this.#revisions.get(entry.key) !== entry.revision) this.#put(entry);
		this.#options.onBatch();
	}

	#take(event: StoreEvent): void {
		const { copy } = this.#options;
		if (event.type === "put") {
			copy?.put(event.entry.key, event.entry.value);
			this.#put(event.entry);
		} else {
			copy?.put(event.key, undefined);
			this.#delete(event.key);
		}
	}

	#put({ key, value, revision }: Entry): void {
		this.#revisions.set(key, revision);
		this.#options.onChange(key, value);
	}

	#delete(key: string): void {
		if (this.#revisions.delete(key)) this.#options.onChange(key, undefined);
	}
}
