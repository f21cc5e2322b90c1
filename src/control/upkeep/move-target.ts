import { createHash } from "node:crypto";
import { WeftError } from "../../model/error.ts";
import { keys } from "../../model/keys.ts";
import type { Move } from "../../model/move.ts";
import { mostRecords } from "../../model/service.ts";
import type { Entry, Snapshot, Store, Write } from "../../store/store.ts";
import { moveIn } from "../freeze.ts";
import { isMoved } from "./backup-text.ts";

/** The store that a cluster's state moves to. Until it has arrived, the store says so, and nobody else writes to it. */
export class MoveTarget {
	readonly #store: Store;
	readonly #revision: number;
	/** What stood there before: a former store of the cluster says where that went. */
	readonly #former: Move | undefined;

	private constructor(store: Store, revision: number, former: Move | undefined) {
		this.#store = store;
		this.#revision = revision;
		this.#former = former;
	}

	/**
	 * Takes an empty store, a former one of the cluster, or what a move that failed has left.
	 * @throws {WeftError} STORE_NOT_EMPTY, STORE_UNREACHABLE, CONFLICT
	 */
	static async take(store: Store, move: Move): Promise<MoveTarget> {
		const { entries } = await store.list("");
		const mark = entries.find(({ key }) => key === keys.moving);
		const former = moveIn(mark);
		const held = entries.filter(({ key }) => isMoved(key)).length;
		const isFree = former === undefined ? held === 0 : former.state === "left" || former.state === "arriving";
		if (!isFree) throw notEmpty(move.to, held);
		const revision = await store.txn(
			[{ key: keys.moving, revision: mark?.revision ?? 0 }],
			[{ put: keys.moving, value: JSON.stringify({ ...move, state: "arriving" } satisfies Move) }],
		);
		if (revision === undefined) throw taken(move.to);
		return new MoveTarget(store, revision, former?.state === "left" ? former : undefined);
	}

	/** Makes it equal to a picture of the source; what is equal is not written again. @throws {WeftError} CONFLICT */
	async fill({ entries }: Snapshot, onProgress: (done: number, total: number) => void): Promise<void> {
		const held = new Map(moved((await this.#store.list("")).entries).map(({ key, value }) => [key, value]));
		const writes: Write[] = [];
		for (const { key, value } of moved(entries)) {
			if (held.get(key) !== value) writes.push({ put: key, value });
			held.delete(key);
		}
		await this.#write([...writes, ...[...held.keys()].map((key) => ({ delete: key }))], onProgress);
	}

	/** @throws {WeftError} INTERNAL when it does not hold, record by record, what the picture holds. */
	async verify(picture: Snapshot): Promise<{ readonly records: number; readonly sha256: string }> {
		const [wanted, found] = [digest(picture), digest(await this.#store.list(""))];
		if (wanted.records === found.records && wanted.sha256 === found.sha256) return found;
		throw new WeftError(
			"INTERNAL",
			`Cannot move the cluster's state: the copy differs (${found.records} records of ${wanted.records})`,
			{ fix: "try again; nothing was changed" },
		);
	}

	/** Takes everything away again: it is as it was, but for what a former store held. */
	async giveUp(): Promise<void> {
		const { entries } = await this.#store.list("");
		await this.#write(
			moved(entries).map(({ key }) => ({ delete: key })),
			() => {},
		);
		const last: Write =
			this.#former === undefined ? { delete: keys.moving } : { put: keys.moving, value: JSON.stringify(this.#former) };
		await this.#write([last], () => {});
	}

	async #write(writes: readonly Write[], onProgress: (done: number, total: number) => void): Promise<void> {
		const expect = [{ key: keys.moving, revision: this.#revision }];
		for (let i = 0; i < writes.length; i += mostRecords) {
			if ((await this.#store.txn(expect, writes.slice(i, i + mostRecords))) === undefined) throw taken("that store");
			onProgress(Math.min(i + mostRecords, writes.length), writes.length);
		}
	}
}

/**
 * Opens a store whose contents have arrived to all, once their former store says that they left. Whoever comes first does it.
 * @returns Whether the store may be used: not while a later move is on its way to it.
 */
export async function arrive(store: Store, id: string): Promise<boolean> {
	const entry = await store.get(keys.moving);
	const move = moveIn(entry);
	if (entry === undefined || move?.state !== "arriving") return true;
	if (move.id !== id) return false;
	await store.txn([{ key: entry.key, revision: entry.revision }], [{ delete: entry.key }]);
	return true;
}

function moved(entries: readonly Entry[]): Entry[] {
	return entries.filter(({ key }) => isMoved(key));
}

function digest({ entries }: Snapshot): { records: number; sha256: string } {
	const hash = createHash("sha256");
	const all = moved(entries);
	for (const { key, value } of all.toSorted((a, b) => (a.key < b.key ? -1 : 1)))
		hash.update(`${JSON.stringify([key, value])}\n`);
	return { records: all.length, sha256: hash.digest("hex") };
}

function notEmpty(to: string, records: number): WeftError {
	const things = records === 1 ? "1 record" : `${records} records`;
	return new WeftError("STORE_NOT_EMPTY", `Cannot move the cluster's state to ${to}: it holds ${things} of a cluster`, {
		fix: "name an empty store; etcdctl del --prefix weft/ empties an etcd, and moving store.db away an embedded one",
	});
}

function taken(to: string): WeftError {
	return new WeftError("CONFLICT", `Cannot move the cluster's state to ${to}: somebody else moves something there`, {
		fix: "wait until that is done, or name another store",
	});
}
