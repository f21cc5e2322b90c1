import type { HostId } from "../model/host.ts";

/** Leases that end within this time of each other ended together: what several hosts have in common is the store. */
const togetherMs = 2_000;

/** How long leases that ended together may take to come back: the store answers again, and each host renews. */
const recheckMs = 15_000;

export interface SuspensionOptions {
	readonly self: HostId;
	/** Whether a host's lease holds, as far as this host knows. */
	readonly isAlive: (id: HostId) => boolean;
	/** Told when the names of a host's endpoints are to be hidden, and when they are to be shown again. */
	readonly onChange: (id: HostId) => void;
	/** Ms, from any beginning; does not jump with the wall clock. */
	readonly now: () => number;
	/** Calls back later. @returns Ends it. */
	readonly later: (delayMs: number, callback: () => void) => () => void;
}

/**
 * Which hosts are suspended: their lease ended, so their endpoints' names are hidden; nothing else changes. When several leases,
 * or this host's own, end together, it is the store that was away and not the hosts: nothing is hidden until they had
 * the time to come back.
 */
export class Suspensions {
	readonly #options: SuspensionOptions;
	readonly #suspended = new Set<HostId>();
	/** When each lease was seen to end, of hosts that are not suspended yet. */
	readonly #ended = new Map<HostId, number>();
	#frozenUntil = Number.NEGATIVE_INFINITY;
	#cancel = () => {};

	constructor(options: SuspensionOptions) {
		this.#options = options;
	}

	has(id: HostId): boolean {
		return this.#suspended.has(id);
	}

	/** Notes that the lease of a host began or ended. */
	note(id: HostId): void {
		if (this.#options.isAlive(id)) {
			this.#ended.delete(id);
			if (this.#suspended.delete(id)) this.#options.onChange(id);
			return;
		}
		if (this.#suspended.has(id) || this.#ended.has(id)) return;
		this.#ended.set(id, this.#options.now());
		this.#look();
	}

	/** A host that left for good needs no suspension. */
	forget(id: HostId): void {
		this.#ended.delete(id);
		this.#suspended.delete(id);
	}

	close(): void {
		this.#cancel();
	}

	/** Waits out what could still turn out to be the store's absence, then suspends. */
	#look(): void {
		const { self, now, onChange } = this.#options;
		const time = now();
		const ends = [...this.#ended.values()].toSorted((a, b) => a - b);
		const together = ends.some((end, i) => i > 0 && end - (ends[i - 1] ?? end) < togetherMs);
		if (this.#ended.has(self) || together) {
			const last = ends.at(-1) ?? time;
			this.#frozenUntil = Math.max(this.#frozenUntil, last + recheckMs);
		}
		let next = Number.POSITIVE_INFINITY;
		for (const [id, end] of this.#ended) {
			// The own end is no news to anybody here; it only says that the store was away.
			if (id === self) continue;
			const due = Math.max(end + togetherMs, this.#frozenUntil);
			if (due > time) {
				next = Math.min(next, due);
				continue;
			}
			this.#ended.delete(id);
			this.#suspended.add(id);
			onChange(id);
		}
		this.#cancel();
		if (next < Number.POSITIVE_INFINITY) this.#cancel = this.#options.later(next - time, () => this.#look());
	}
}
