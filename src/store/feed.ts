import { isBelow } from "./prefix-range.ts";
import type { StoreBatch, StoreEvent } from "./store.ts";

/** What of the latest batches is kept at hand, for all who watch: what came before is read from the log. */
const [mostRecent, mostRecentChars] = [1_000, 8 * 1024 * 1024];

/** @returns The first batch at `revision` or behind it. @throws {WeftError} STORE_CURSOR_LOST when that is no longer held. */
export type ReadLog = (revision: number) => StoreBatch | undefined;

/**
 * Hands batches to those who watch, each at its own pace. Who watches holds a place in the log and nothing else: one that does not
 * read costs nothing, and has lost its place when that is no longer held.
 */
export class Feed {
	readonly #readLog: ReadLog;
	/** Of the last batch. */
	#revision: number;
	/** One behind the other, without a gap. */
	readonly #recent: StoreBatch[] = [];
	#recentChars = 0;
	readonly #waiting = new Set<() => void>();

	constructor(readLog: ReadLog, revision: number) {
		this.#readLog = readLog;
		this.#revision = revision;
	}

	publish(batch: StoreBatch): void {
		this.#revision = batch.revision;
		this.#recent.push(batch);
		this.#recentChars += charsOf(batch);
		while (this.#recent.length > mostRecent || this.#recentChars > mostRecentChars) this.#dropFirst();
		for (const wake of [...this.#waiting]) wake();
	}

	/** Nothing below `revision` is held any more. */
	forget(revision: number): void {
		while ((this.#recent[0]?.revision ?? revision) < revision) this.#dropFirst();
	}

	#dropFirst(): void {
		const first = this.#recent.shift();
		if (first !== undefined) this.#recentChars -= charsOf(first);
	}

	/** @returns The first batch at `revision` or behind it; undefined when it is to come. @throws {WeftError} STORE_CURSOR_LOST */
	batchFrom(revision: number): StoreBatch | undefined {
		if (revision > this.#revision) return undefined;
		const first = this.#recent[0]?.revision;
		return first !== undefined && revision >= first ? this.#recent[revision - first] : this.#readLog(revision);
	}

	/** Resolves when there is a batch at `revision` or behind it, or `signal` aborts. */
	async reached(revision: number, signal: AbortSignal): Promise<void> {
		while (!signal.aborted && revision > this.#revision)
			await new Promise<void>((resolve) => {
				const wake = () => {
					this.#waiting.delete(wake);
					signal.removeEventListener("abort", wake);
					resolve();
				};
				this.#waiting.add(wake);
				signal.addEventListener("abort", wake);
			});
	}

	/** @throws {WeftError} STORE_CURSOR_LOST */
	async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreBatch> {
		for (let next = fromRevision; ; ) {
			await this.reached(next, signal);
			if (signal.aborted) return;
			const batch = this.batchFrom(next);
			if (batch === undefined) continue;
			next = batch.revision + 1;
			const events = batch.events.filter((event) => isBelow(keyOf(event), prefix));
			if (events.length > 0) yield { revision: batch.revision, events };
		}
	}
}

function keyOf(event: StoreEvent): string {
	return event.type === "put" ? event.entry.key : event.key;
}

/** @returns Of the keys and values of a batch: how much it is to keep, or to send. */
export function charsOf({ events }: StoreBatch): number {
	return events.reduce(
		(sum, event) => sum + (event.type === "put" ? event.entry.key.length + event.entry.value.length : event.key.length),
		0,
	);
}
