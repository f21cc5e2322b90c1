import { setTimeout as sleep } from "node:timers/promises";
import { WeftError } from "../model/error.ts";
import { keys } from "../model/keys.ts";
import type { Move } from "../model/move.ts";
import type { Entry, Expect, Lease, Snapshot, Store, StoreBatch, StoreHealth, Write } from "../store/store.ts";

/** A move of a cluster takes a second or two; who waits for it need not be told. */
const usualPatienceMs = 3_000;
const askAgainMs = 100;

/**
 * A store that nobody changes while its contents move: each transaction expects that there is no `moving`. To write that key is
 * to freeze the store, on any kind of store, and all that comes later in the store's own order fails.
 */
export class FreezableStore implements Store {
	readonly #store: Store;
	readonly #patienceMs: number;

	constructor(store: Store, { patienceMs = usualPatienceMs }: { readonly patienceMs?: number } = {}) {
		this.#store = store;
		this.#patienceMs = patienceMs;
	}

	/** As {@link Store.txn}; one that meets a freeze waits for its end. @throws {WeftError} STORE_MOVING when that takes too long. */
	async txn(expect: readonly Expect[], writes: readonly Write[]): Promise<number | undefined> {
		// What goes with its lease is never moved, and a host puts its record anew wherever it goes on.
		if (writes.some((write) => "put" in write && write.lease !== undefined)) return this.#store.txn(expect, writes);
		const deadline = performance.now() + this.#patienceMs;
		for (;;) {
			const revision = await this.#store.txn([...expect, { key: keys.moving, revision: 0 }], writes);
			if (revision !== undefined) return revision;
			const move = moveIn(await this.#store.get(keys.moving));
			if (move === undefined) {
				// With nothing else to fail for, it was frozen a moment ago.
				if (expect.length === 0) continue;
				return undefined;
			}
			if (move.state === "left" || performance.now() > deadline) throw frozen(move);
			await sleep(askAgainMs);
		}
	}

	get health(): StoreHealth {
		return this.#store.health;
	}

	get(key: string): Promise<Entry | undefined> {
		return this.#store.get(key);
	}

	list(prefix: string): Promise<Snapshot> {
		return this.#store.list(prefix);
	}

	watch(...what: Parameters<Store["watch"]>): AsyncIterable<StoreBatch> {
		return this.#store.watch(...what);
	}

	lease(ttlSeconds: number): Promise<Lease> {
		return this.#store.lease(ttlSeconds);
	}

	close(): Promise<void> {
		return this.#store.close();
	}
}

/** @returns What freezes a store; undefined when nothing does. What cannot be read freezes it all the same, and can be aborted. */
export function moveIn(entry: Pick<Entry, "value"> | undefined): Move | undefined {
	if (entry === undefined) return undefined;
	try {
		return JSON.parse(entry.value) as Move;
	} catch {
		const unknown = "a mark that cannot be read";
		return { id: "", state: "restoring", to: unknown, by: "any host", at: "an unknown time" };
	}
}

/** Why a store cannot be changed now. */
export function frozen({ state, to, by, at }: Move): WeftError {
	const abort = `; if nobody goes on with it: weft store migrate --abort, on ${by}`;
	if (state === "restoring")
		return new WeftError(
			"STORE_MOVING",
			`Cannot change the cluster's state: it is being restored on ${by}, since ${at}`,
			{
				fix: `try again in a moment${abort}`,
			},
		);
	return new WeftError("STORE_MOVING", `Cannot change the cluster's state: it is moving to ${to}`, {
		fix: state === "left" ? "try again in a moment: this host goes there, too" : `try again in a moment${abort}`,
	});
}
