import { isBelow } from "./prefix-range.ts";
import type { StoreBatch } from "./store.ts";

/** Hands batches to those who watch, each at its own pace, each only what is below its prefix. */
export class Feed {
	readonly #watchers = new Set<(batch: StoreBatch) => void>();

	publish(batch: StoreBatch): void {
		for (const watcher of this.#watchers) watcher(batch);
	}

	/**
	 * @param past What happened since the watcher's cursor: read in the same turn in which the watcher is added, so that
	 *   nothing falls between past and present.
	 */
	async *watch(prefix: string, past: readonly StoreBatch[], signal: AbortSignal): AsyncIterable<StoreBatch> {
		const queue = past.flatMap((batch) => within(batch, prefix));
		let wake = () => {};
		const watcher = (batch: StoreBatch) => {
			queue.push(...within(batch, prefix));
			wake();
		};
		const onAbort = () => wake();
		this.#watchers.add(watcher);
		signal.addEventListener("abort", onAbort);
		try {
			while (!signal.aborted) {
				const batch = queue.shift();
				if (batch !== undefined) yield batch;
				else await new Promise<void>((resolve) => (wake = resolve));
			}
		} finally {
			this.#watchers.delete(watcher);
			signal.removeEventListener("abort", onAbort);
		}
	}
}

function within({ revision, events }: StoreBatch, prefix: string): StoreBatch[] {
	const inside = events.filter((event) => isBelow(event.type === "put" ? event.entry.key : event.key, prefix));
	return inside.length === 0 ? [] : [{ revision, events: inside }];
}
