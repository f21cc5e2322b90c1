import { pause } from "../lib/pause.ts";
import { isWeftError } from "../model/error.ts";
import type { Snapshot, Store } from "../store/store.ts";
import type { LocalCopy } from "./local-copy.ts";

export interface MirrorOptions {
	readonly store: Store;
	readonly prefix: string;
	/** Told of each key that changed; `value` is undefined for one that is gone. Never called for what stays the same. */
	readonly onChange: (key: string, value: string | undefined) => void;
	/** Called after the changes of one batch. */
	readonly onBatch: () => void;
	/** Keeps what is mirrored for the time when the store is away. */
	readonly copy?: LocalCopy;
}

const longestDelayMs = 2_000;

/**
 * Follows a part of a store: a snapshot, then each change in order. While the store cannot be reached, the mirror holds what it
 * knew (from the local copy, after a restart); when the cursor is lost, it takes a new snapshot and tells the difference.
 */
export class Mirror {
	readonly #options: MirrorOptions;
	readonly #values = new Map<string, string>();
	readonly #ended = new AbortController();
	/** Resolves with the first picture: the store's, or the local copy's when the store is away. */
	readonly ready: Promise<void>;

	constructor(options: MirrorOptions) {
		this.#options = options;
		this.ready = new Promise((resolve) => void this.#follow(resolve));
	}

	get(key: string): string | undefined {
		return this.#values.get(key);
	}

	values(): Iterable<string> {
		return this.#values.values();
	}

	entries(): Iterable<[string, string]> {
		return this.#values.entries();
	}

	close(): void {
		this.#ended.abort();
	}

	async #follow(ready: () => void): Promise<void> {
		const { store, prefix } = this.#options;
		const { signal } = this.#ended;
		for (let delayMs = 50; !signal.aborted; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
			try {
				const snapshot = await store.list(prefix);
				this.#replace(snapshot);
				ready();
				delayMs = 50;
				for await (const batch of store.watch(prefix, snapshot.revision + 1, signal)) {
					for (const event of batch.events)
						if (event.type === "put") this.#set(event.entry.key, event.entry.value);
						else this.#set(event.key, undefined);
					this.#options.onBatch();
				}
			} catch (error) {
				if (signal.aborted) return;
				if (isWeftError(error, "STORE_CURSOR_LOST")) continue;
				if (this.#values.size === 0) await this.#recall();
				ready();
				await pause(delayMs, signal, (wake) => store.health.onChange((reachable) => reachable && wake()));
			}
		}
	}

	async #recall(): Promise<void> {
		const { copy, prefix } = this.#options;
		if (copy === undefined) return;
		for (const { key, value } of await copy.list(prefix)) {
			this.#values.set(key, value);
			this.#options.onChange(key, value);
		}
		this.#options.onBatch();
	}

	#replace({ entries }: Snapshot): void {
		const kept = new Set(entries.map(({ key }) => key));
		for (const key of [...this.#values.keys()]) if (!kept.has(key)) this.#set(key, undefined);
		for (const { key, value } of entries) this.#set(key, value);
		this.#options.onBatch();
	}

	#set(key: string, value: string | undefined): void {
		if (this.#values.get(key) === value) return;
		if (value === undefined) this.#values.delete(key);
		else this.#values.set(key, value);
		this.#options.copy?.put(key, value);
		this.#options.onChange(key, value);
	}
}
