import type { EventView } from "../model/view.ts";

/** What one listener may lag behind: beyond, the oldest events are lost to it. */
const longestQueue = 1_000;

/** Tells everyone who listens what happened. Nobody listening costs nothing. */
export class EventBus {
	readonly #listeners = new Set<(event: EventView) => void>();

	emit(event: Omit<EventView, "time" | "attributes"> & { attributes?: EventView["attributes"] }): void {
		if (this.#listeners.size === 0) return;
		const full = { attributes: {}, ...event, time: new Date().toISOString() };
		for (const listener of this.#listeners) listener(full);
	}

	async *listen(signal: AbortSignal): AsyncIterable<EventView> {
		const queue: EventView[] = [];
		let wake = () => {};
		const listener = (event: EventView) => {
			queue.push(event);
			if (queue.length > longestQueue) queue.shift();
			wake();
		};
		const onAbort = () => wake();
		this.#listeners.add(listener);
		signal.addEventListener("abort", onAbort);
		try {
			while (!signal.aborted) {
				const event = queue.shift();
				if (event !== undefined) yield event;
				else await new Promise<void>((resolve) => (wake = resolve));
			}
		} finally {
			this.#listeners.delete(listener);
			signal.removeEventListener("abort", onAbort);
		}
	}
}
