import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type {
	Compare,
	DeleteRangeRequest,
	KV,
	RangeRequest,
	ResponseOpSchema,
	TxnRequest,
	TxnResponseSchema,
} from "../etcd/gen/rpc_pb.js";
import { textOf } from "../etcd/wire.ts";
import type { EmbeddedStore } from "../sqlite.ts";
import { longestListChars } from "../sqlite-table.ts";
import type { Entry, Expect, Write } from "../store.ts";
import { callOf } from "./call.ts";
import { headerOf } from "./header.ts";
import { invalid, limits, noRoom } from "./limits.ts";

const utf8 = new TextEncoder();

/** Keys are served as they are stored, below this root: the one that weft's client uses. */
export const root = "weft/";

/** A key as weft's are: text without control characters. */
function stored(key: Uint8Array): string {
	if (key.length > limits.keyBytes)
		throw invalid(`Cannot use a key of ${key.length} bytes: the longest has ${limits.keyBytes}`);
	const text = textIn(key);
	if (!text.startsWith(root) || /\p{Cc}/u.test(text))
		throw invalid(
			`Cannot use key ${JSON.stringify(text)}: all keys begin with "${root}", and hold no control characters`,
		);
	return text.slice(root.length);
}

const strictText = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What is no UTF-8 would come back as something else. */
function textIn(bytes: Uint8Array): string {
	try {
		return strictText.decode(bytes);
	} catch {
		throw invalid("Cannot use a key or a value that is not UTF-8");
	}
}

export function served({ key, value, revision }: Entry) {
	return {
		key: utf8.encode(root + key),
		value: utf8.encode(value),
		createRevision: BigInt(revision),
		modRevision: BigInt(revision),
		version: 1n,
	};
}

export function serveKv(store: EmbeddedStore): Partial<ServiceImpl<typeof KV>> {
	return {
		async range(request, context) {
			const { kvs } = await callOf(context).answer(context.signal, () => counted(store, request));
			return { header: headerOf(store), kvs: request.countOnly ? [] : kvs, count: BigInt(kvs.length) };
		},
		async put({ key, value, lease }) {
			store.commit([], [write(key, value, lease)]);
			return { header: headerOf(store) };
		},
		async deleteRange(request) {
			const doomed = await range(store, request);
			store.commit(
				[],
				doomed.map(({ key }) => ({ delete: key })),
			);
			return { header: headerOf(store), deleted: BigInt(doomed.length) };
		},
		async txn(request, context) {
			checkOperations(request);
			return callOf(context).answer(context.signal, () => txn(store, request));
		},
		async compact({ revision }) {
			if (revision > store.revision)
				throw new ConnectError(`Cannot compact to ${revision}: the store is at ${store.revision}`, Code.OutOfRange);
			store.compact(Number(revision));
			return { header: headerOf(store) };
		},
	};
}

async function counted(store: EmbeddedStore, request: RangeRequest) {
	const entries = await range(store, request);
	return { kvs: entries.map(served), bytes: charsOf(entries) };
}

function charsOf(entries: readonly Entry[]): number {
	return entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
}

function checkOperations({ compare, success, failure }: TxnRequest): void {
	for (const { length } of [compare, success, failure])
		if (length > limits.operations)
			throw invalid(`Cannot run a transaction of ${length} operations: the most is ${limits.operations}`);
}

function write(key: Uint8Array, value: Uint8Array, lease: bigint): Write {
	return { put: stored(key), value: textIn(value), ...(lease === 0n ? {} : { lease: lease.toString() }) };
}

/** A range is a key, a prefix, or everything between two keys; the answer is sorted by key. */
async function range(store: EmbeddedStore, { key, rangeEnd }: RangeRequest | DeleteRangeRequest): Promise<Entry[]> {
	if (rangeEnd.length === 0) {
		const entry = await store.get(stored(key));
		return entry === undefined ? [] : [entry];
	}
	const [from, to] = [textOf(key), textOf(rangeEnd)];
	const { entries } = await store.list(commonFolder(from, to));
	// "\0" as the end of a range means: to the end of all keys.
	return entries.filter(({ key: name }) => root + name >= from && (to === "\0" || root + name < to));
}

/** @returns The deepest folder that holds the whole range; "" when there is none. */
function commonFolder(from: string, to: string): string {
	let n = 0;
	while (n < from.length && from[n] === to[n]) n++;
	const shared =
		from.endsWith("/") && to === `${from.slice(0, -1)}0` ? from : from.slice(0, from.lastIndexOf("/", n - 1) + 1);
	return shared.length <= root.length ? "" : shared.slice(root.length, -1);
}

async function txn(
	store: EmbeddedStore,
	{ compare, success, failure }: TxnRequest,
): Promise<MessageInitShape<typeof TxnResponseSchema> & { readonly bytes: number }> {
	const revision = store.commit(compare.map(expectation), await writesOf(store, success));
	const succeeded = revision !== undefined;
	const requests = succeeded ? success : failure;
	if (!succeeded && failure.length > 0) store.commit([], await writesOf(store, failure));
	const { responses, bytes } = await responsesTo(store, requests);
	return {
		header: revision === undefined ? headerOf(store) : { revision: BigInt(revision) },
		succeeded,
		responses,
		bytes,
	};
}

async function responsesTo(store: EmbeddedStore, requests: TxnRequest["success"]) {
	const responses: MessageInitShape<typeof ResponseOpSchema>[] = [];
	let bytes = 0;
	for (const { request } of requests) {
		if (request.case === "requestRange") {
			const { kvs, bytes: more } = await counted(store, request.value);
			if ((bytes += more) > longestListChars)
				throw noRoom("Cannot answer: the ranges of the transaction hold too much");
			responses.push({ response: { case: "responseRange", value: { kvs, count: BigInt(kvs.length) } } });
		} else if (request.case === "requestPut") responses.push({ response: { case: "responsePut", value: {} } });
		else responses.push({ response: { case: "responseDeleteRange", value: {} } });
	}
	return { responses, bytes };
}

function expectation({ target, key, result, targetUnion }: Compare): Expect {
	const supported = result === 0 && ((target === 2 && targetUnion.case === "modRevision") || isAbsence(targetUnion));
	if (!supported)
		throw new ConnectError(
			"this store compares only mod_revision, and create_revision or version with 0, for equality",
			Code.Unimplemented,
		);
	return { key: stored(key), revision: targetUnion.case === "modRevision" ? Number(targetUnion.value) : 0 };
}

/** create_revision and version of a key that does not exist are 0, as its mod_revision is. */
function isAbsence(union: Compare["targetUnion"]): boolean {
	return (union.case === "createRevision" || union.case === "version") && union.value === 0n;
}

async function writesOf(store: EmbeddedStore, requests: TxnRequest["success"]): Promise<Write[]> {
	const writes: Write[] = [];
	for (const { request } of requests) {
		if (request.case === "requestPut") writes.push(write(request.value.key, request.value.value, request.value.lease));
		else if (request.case === "requestDeleteRange") writes.push(...(await deletion(store, request.value)));
		else if (request.case !== "requestRange")
			throw new ConnectError("this store takes no transaction within a transaction", Code.Unimplemented);
	}
	return writes;
}

async function deletion(store: EmbeddedStore, request: DeleteRangeRequest): Promise<Write[]> {
	if (request.rangeEnd.length === 0) return [{ delete: stored(request.key) }];
	const [from, to] = [textOf(request.key), textOf(request.rangeEnd)];
	// A whole folder is deleted within the transaction, with what came into it meanwhile.
	if (from.endsWith("/") && to === `${from.slice(0, -1)}0`) return [{ deletePrefix: from.slice(root.length, -1) }];
	return (await range(store, request)).map(({ key }) => ({ delete: key }));
}
