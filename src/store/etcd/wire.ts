import { isBelow } from "../prefix-range.ts";
import type { Entry, Expect, StoreBatch, StoreEvent, Write } from "../store.ts";
import type { Event, KeyValue } from "./gen/kv_pb.js";

const utf8 = new TextEncoder();
const text = new TextDecoder();

export function bytesOf(key: string): Uint8Array<ArrayBuffer> {
	return utf8.encode(key);
}

export function textOf(bytes: Uint8Array): string {
	return text.decode(bytes);
}

/** A half-open range of keys, as etcd has them; without `rangeEnd` the key alone. */
export interface KeyRange {
	readonly key: Uint8Array<ArrayBuffer>;
	readonly rangeEnd: Uint8Array<ArrayBuffer>;
}

const nothing = new Uint8Array(0);

/** @returns The ranges that hold a prefix's own key and what is below it: "0" is the character behind "/". */
export function rangesOf(root: string, prefix: string): KeyRange[] {
	if (prefix === "") return [{ key: bytesOf(root), rangeEnd: bytesOf(`${root.slice(0, -1)}0`) }];
	return [
		{ key: bytesOf(root + prefix), rangeEnd: nothing },
		{ key: bytesOf(`${root}${prefix}/`), rangeEnd: bytesOf(`${root}${prefix}0`) },
	];
}

/** @returns One range for a watch: it takes in neighbours such as "hosts/a-b", which {@link toBatches} leaves out. */
export function watchRange(root: string, prefix: string): KeyRange {
	return prefix === ""
		? { key: bytesOf(root), rangeEnd: bytesOf(`${root.slice(0, -1)}0`) }
		: { key: bytesOf(root + prefix), rangeEnd: bytesOf(`${root}${prefix}0`) };
}

export function toEntry(root: string, { key, value, modRevision }: KeyValue): Entry {
	return { key: textOf(key).slice(root.length), value: textOf(value), revision: Number(modRevision) };
}

/** etcd.proto: Compare. A key that does not exist has the revision 0. */
export function toCompare(root: string, { key, revision }: Expect) {
	return {
		result: 0,
		target: 2,
		key: bytesOf(root + key),
		targetUnion: { case: "modRevision" as const, value: BigInt(revision) },
	};
}

type RequestInit = { request: { case: "requestPut" | "requestDeleteRange" | "requestRange"; value: object } };

export function toRequests(root: string, write: Write): RequestInit[] {
	if ("put" in write) {
		const value = { key: bytesOf(root + write.put), value: bytesOf(write.value), lease: BigInt(write.lease ?? 0) };
		return [{ request: { case: "requestPut", value } }];
	}
	const ranges =
		"delete" in write ? [{ key: bytesOf(root + write.delete), rangeEnd: nothing }] : rangesOf(root, write.deletePrefix);
	return ranges.map((value) => ({ request: { case: "requestDeleteRange", value } }));
}

/** @returns The events below `prefix`, gathered by revision, in order. */
export function toBatches(root: string, prefix: string, events: readonly Event[]): StoreBatch[] {
	const batches: { revision: number; events: StoreEvent[] }[] = [];
	for (const { type, kv } of events) {
		if (kv === undefined) continue;
		const entry = toEntry(root, kv);
		if (!isBelow(entry.key, prefix)) continue;
		let last = batches.at(-1);
		if (last?.revision !== entry.revision) batches.push((last = { revision: entry.revision, events: [] }));
		last.events.push(
			type === 0 ? { type: "put", entry } : { type: "delete", key: entry.key, revision: entry.revision },
		);
	}
	return batches;
}
