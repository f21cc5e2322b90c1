import { isWeftError, WeftError } from "../../model/error.ts";
import { keys } from "../../model/keys.ts";
import type { Move } from "../../model/move.ts";
import { mostRecords } from "../../model/service.ts";
import type { Snapshot, Store, Write } from "../../store/store.ts";
import { frozen, moveIn } from "../freeze.ts";
import { type BackupRecord, isKept } from "./backup-text.ts";

export interface RestoreOptions {
	/** What it is restored from, and on which host, for messages. */
	readonly from: string;
	readonly by: string;
	/** Also in the place of networks that are there. */
	readonly force: boolean;
	/** ISO 8601, UTC. */
	readonly at: string;
	/** 32 hex digits. */
	readonly id: string;
}

/**
 * Puts a backup in the place of what a store holds, while nobody else changes it. Only what differs is written: what runs, and is
 * the same in the backup, does not notice. The records of hosts that live stay theirs.
 */
export class Restore {
	readonly id: string;
	readonly #store: Store;
	readonly #revision: number;
	/** What is there, and may be changed. */
	readonly #held: ReadonlyMap<string, string>;
	/** Never written nor removed. */
	readonly #untouched: ReadonlySet<string>;
	readonly #seen = new Set<string>();

	private constructor(store: Store, id: string, revision: number, { entries }: Snapshot) {
		this.id = id;
		this.#store = store;
		this.#revision = revision;
		this.#held = new Map(entries.filter(({ key }) => isKept(key)).map(({ key, value }) => [key, value]));
		const alive = entries.filter(({ key }) => key.startsWith(`${keys.alive}/`));
		this.#untouched = new Set(alive.map(({ key }) => keys.host(key.slice(keys.alive.length + 1))));
	}

	/**
	 * Freezes the store. @param store Not a freezable one.
	 * @throws {WeftError} STORE_NOT_EMPTY, STORE_MOVING
	 */
	static async begin(store: Store, { from, by, force, at, id }: RestoreOptions): Promise<Restore> {
		const entry = await store.get(keys.moving);
		const former = moveIn(entry);
		// A restore that was left in the middle is begun again.
		if (former !== undefined && former.state !== "restoring") throw frozen(former);
		if (!force) await refuseNetworks(store);
		const move: Move = { id, state: "restoring", to: from, by, at };
		const revision = await store.txn(
			[{ key: keys.moving, revision: entry?.revision ?? 0 }],
			[{ put: keys.moving, value: JSON.stringify(move) }],
		);
		if (revision === undefined) throw interfered();
		try {
			if (!force) await refuseNetworks(store);
		} catch (error) {
			// A network was made in between.
			if (isWeftError(error, "STORE_NOT_EMPTY"))
				await store.txn([{ key: keys.moving, revision }], [{ delete: keys.moving }]);
			throw error;
		}
		return new Restore(store, id, revision, await store.list(""));
	}

	/** @throws {WeftError} ARGUMENT_INVALID for a key that no backup holds, CONFLICT when the restore was ended by somebody else. */
	async put(records: readonly BackupRecord[]): Promise<void> {
		const odd = records.find(({ key }) => !isKept(key));
		if (odd !== undefined)
			throw new WeftError("ARGUMENT_INVALID", `Cannot restore "${odd.key}": no backup holds such a record`);
		for (const { key } of records) this.#seen.add(key);
		await this.#write(
			records
				.filter(({ key, value }) => this.#held.get(key) !== value && !this.#untouched.has(key))
				.map(({ key, value }) => ({ put: key, value })),
		);
	}

	/** Removes what is not in the backup, and lets the store be changed again. @throws {WeftError} CONFLICT */
	async end(): Promise<void> {
		const doomed = [...this.#held.keys()].filter((key) => !this.#seen.has(key) && !this.#untouched.has(key));
		await this.#write(doomed.map((key) => ({ delete: key })));
		await this.#write([{ delete: keys.moving }]);
	}

	async #write(writes: readonly Write[]): Promise<void> {
		const expect = [{ key: keys.moving, revision: this.#revision }];
		for (let i = 0; i < writes.length; i += mostRecords)
			if ((await this.#store.txn(expect, writes.slice(i, i + mostRecords))) === undefined) throw interfered();
	}
}

async function refuseNetworks(store: Store): Promise<void> {
	const { entries } = await store.list(keys.networks);
	if (entries.length === 0) return;
	const networks = entries.length === 1 ? "1 network is" : `${entries.length} networks are`;
	throw new WeftError("STORE_NOT_EMPTY", `Cannot restore a backup: ${networks} in the cluster`, {
		fix: "weft store restore --force FILE puts the backup in their place: what is not in it is removed",
	});
}

function interfered(): WeftError {
	return new WeftError("CONFLICT", "Cannot go on with the restore: somebody else ended it, or began another", {
		fix: "weft store check tells how the state is; weft store restore --force FILE does all of it again",
	});
}
