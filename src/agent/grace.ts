import type { HostId } from "../model/host.ts";

const retryMs = 1_000;

export interface GraceOptions {
	readonly self: HostId;
	/** The hosts whose lease holds, as far as this host knows. */
	readonly alive: () => Iterable<HostId>;
	/** How long a host's endpoints keep their addresses when it is hidden; undefined for one that is known no more, or was reclaimed. */
	readonly graceMs: (id: HostId) => number | undefined;
	/** Takes a host's endpoints out of the cluster. It may turn out that the host lives. */
	readonly reclaim: (id: HostId) => Promise<void>;
	/** Ms, from any beginning; does not jump with the wall clock. */
	readonly now: () => number;
	/** Calls back later. @returns Ends it. */
	readonly later: (delayMs: number, callback: () => void) => () => void;
}

/**
 * Counts the grace of hosts that are hidden, and reclaims what they hold when it is over. One host does so for all: of those that
 * live, the one with the lowest id. Two that both think so do no harm: what is right is decided by the transactions alone.
 */
export class Grace {
	readonly #options: GraceOptions;
	/** Since when each host is hidden. */
	readonly #hidden = new Map<HostId, number>();
	#cancel = () => {};
	#running = false;
	#closed = false;

	constructor(options: GraceOptions) {
		this.#options = options;
	}

	/** Notes that a host was hidden, or is not any more. */
	note(id: HostId, hidden: boolean): void {
		if (hidden) this.#hidden.set(id, this.#options.now());
		else this.#hidden.delete(id);
		this.look();
	}

	/** Counts anew: nobody could tell this host whether the others were back, and they may not have had the time to be. */
	restart(): void {
		for (const id of this.#hidden.keys()) this.#hidden.set(id, this.#options.now());
		this.look();
	}

	/** Reclaims what is due, if that is for this host to do. */
	look(): void {
		this.#cancel();
		if (this.#running || this.#closed || !this.#isElected()) return;
		const time = this.#options.now();
		const waits = [...this.#hidden].flatMap(([id, since]) => {
			const graceMs = this.#options.graceMs(id);
			return graceMs === undefined ? [] : [{ id, waitMs: since + graceMs - time }];
		});
		const next = waits.toSorted((a, b) => a.waitMs - b.waitMs)[0];
		if (next === undefined) return;
		if (next.waitMs > 0) this.#cancel = this.#options.later(next.waitMs, () => this.look());
		else void this.#reclaim(next.id);
	}

	close(): void {
		this.#closed = true;
		this.#cancel();
	}

	#isElected(): boolean {
		const alive = [...this.#options.alive()];
		return alive.includes(this.#options.self) && alive.every((id) => id >= this.#options.self);
	}

	async #reclaim(id: HostId): Promise<void> {
		this.#running = true;
		await this.#options.reclaim(id);
		this.#running = false;
		if (this.#closed) return;
		// What was written is seen in a moment; where it was not, it is tried again.
		this.#cancel();
		this.#cancel = this.#options.later(retryMs, () => this.look());
	}
}
