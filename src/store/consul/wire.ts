import { randomInt } from "node:crypto";
import { isBelow } from "../prefix-range.ts";
import { type Entry, type Expect, isExpected, type Write } from "../store.ts";

/** A key as /v1/kv gives it. */
interface Pair {
	readonly Key: string;
	/** In base64; null for none. */
	readonly Value: string | null;
	readonly ModifyIndex: number;
}

/** One operation of /v1/txn. */
export interface Operation {
	readonly Verb: string;
	readonly Key: string;
	readonly Value?: string;
	readonly Index?: number;
	readonly Session?: string;
	readonly Flags?: number;
}

/** What /v1/txn answers. */
export interface TxnAnswer {
	readonly Results?: readonly { readonly KV?: Pair }[] | null;
	readonly Errors?: readonly { readonly OpIndex: number; readonly What: string }[] | null;
}

/** @returns The path of a key, or of all keys that begin with it. */
export function kvPath(key: string, query: string): string {
	return `kv/${encodeURIComponent(key)}?${query}`;
}

/** @param body What /v1/kv answered for a prefix; empty for no key. @returns What is below the prefix, in the order of keys. */
export function toEntries(root: string, prefix: string, body: string): Entry[] {
	if (body === "") return [];
	const pairs = JSON.parse(body) as readonly Pair[];
	return pairs.flatMap(({ Key, Value, ModifyIndex }) => {
		const key = Key.slice(root.length);
		// The root's own key is where transactions leave their mark.
		if (key === "" || !isBelow(key, prefix)) return [];
		return [{ key, value: Buffer.from(Value ?? "", "base64").toString("utf8"), revision: ModifyIndex }];
	});
}

/** Expectations first: each operation sees what those before it wrote. */
export function toOperations(root: string, expect: readonly Expect[], writes: readonly Write[]): Operation[] {
	const operations = [
		...expect.map(({ key, revision }): Operation => {
			const Key = root + key;
			return revision === 0 ? { Verb: "check-not-exists", Key } : { Verb: "check-index", Key, Index: revision };
		}),
		...writes.flatMap((write) => toWrites(root, expect, write)),
	];
	// What is deleted is answered without an index: a mark that is set tells it.
	return writes.some((write) => "put" in write) ? operations : [...operations, set(root, "")];
}

function toWrites(root: string, expect: readonly Expect[], write: Write): Operation[] {
	if ("delete" in write) return [{ Verb: "delete", Key: root + write.delete }];
	if ("deletePrefix" in write) {
		const Key = root + write.deletePrefix;
		return write.deletePrefix === ""
			? [{ Verb: "delete-tree", Key }]
			: [
					{ Verb: "delete", Key },
					{ Verb: "delete-tree", Key: `${Key}/` },
				];
	}
	const put = set(root + write.put, write.value);
	if (write.lease === undefined && !isExpected(expect, write.put)) return [put];
	// A session may hold the key still, and would take it along: of one that was killed, for instance. It is never without a holder for anyone else.
	const held = write.lease === undefined ? put : { ...put, Verb: "lock", Session: write.lease };
	return [{ Verb: "delete", Key: put.Key }, held];
}

/** A key that is set to what it is keeps its index: a flag of its own makes each write one. */
function set(Key: string, value: string): Operation {
	return { Verb: "set", Key, Value: Buffer.from(value, "utf8").toString("base64"), Flags: randomInt(2 ** 48 - 1) };
}
