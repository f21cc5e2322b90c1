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
import type { Entry, Expect, Write } from "../store.ts";
import { headerOf } from "./header.ts";

const utf8 = new TextEncoder();

/** Keys are served as they are stored, below this root: the one that weft's client uses. */
export const root = "weft/";

function stored(key: Uint8Array): string {
	const text = textOf(key);
	if (!text.startsWith(root))
		throw new ConnectError(`Cannot use key "${text}": all keys begin with "${root}"`, Code.InvalidArgument);
	return text.slice(root.length);
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
		async range(request) {
			const kvs = (await range(store, request)).map(served);
			return { header: headerOf(store), kvs: request.countOnly ? [] : kvs, count: BigInt(kvs.length) };
		},
		async put({ key, value, lease }) {
			await store.txn([], [write(key, value, lease)]);
			return { header: headerOf(store) };
		},
		async deleteRange(request) {
			const doomed = await range(store, request);
			await store.txn(
				[],
				doomed.map(({ key }) => ({ delete: key })),
			);
			return { header: headerOf(store), deleted: BigInt(doomed.length) };
		},
		txn: async (request) => txn(store, request),
		async compact({ revision }) {
			store.compact(Number(revision));
			return { header: headerOf(store) };
		},
	};
}

function write(key: Uint8Array, value: Uint8Array, lease: bigint): Write {
	return { put: stored(key), value: textOf(value), ...(lease === 0n ? {} : { lease: lease.toString() }) };
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
): Promise<MessageInitShape<typeof TxnResponseSchema>> {
	const revision = await store.txn(compare.map(expectation), await writesOf(store, success));
	const succeeded = revision !== undefined;
	const requests = succeeded ? success : failure;
	if (!succeeded && failure.length > 0) await store.txn([], await writesOf(store, failure));
	const responses = await Promise.all(requests.map(({ request }) => responseTo(store, request)));
	return { header: revision === undefined ? headerOf(store) : { revision: BigInt(revision) }, succeeded, responses };
}

async function responseTo(
	store: EmbeddedStore,
	request: TxnRequest["success"][number]["request"],
): Promise<MessageInitShape<typeof ResponseOpSchema>> {
	if (request.case === "requestPut") return { response: { case: "responsePut", value: {} } };
	if (request.case !== "requestRange") return { response: { case: "responseDeleteRange", value: {} } };
	const kvs = (await range(store, request.value)).map(served);
	return { response: { case: "responseRange", value: { kvs, count: BigInt(kvs.length) } } };
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
	const writes = await Promise.all(
		requests.map(async ({ request }): Promise<Write[]> => {
			if (request.case === "requestPut") return [write(request.value.key, request.value.value, request.value.lease)];
			if (request.case === "requestDeleteRange") return deletion(store, request.value);
			if (request.case === "requestRange") return [];
			throw new ConnectError("this store takes no transaction within a transaction", Code.Unimplemented);
		}),
	);
	return writes.flat();
}

async function deletion(store: EmbeddedStore, request: DeleteRangeRequest): Promise<Write[]> {
	if (request.rangeEnd.length === 0) return [{ delete: stored(request.key) }];
	const [from, to] = [textOf(request.key), textOf(request.rangeEnd)];
	// A whole folder is deleted within the transaction, with what came into it meanwhile.
	if (from.endsWith("/") && to === `${from.slice(0, -1)}0`) return [{ deletePrefix: from.slice(root.length, -1) }];
	return (await range(store, request)).map(({ key }) => ({ delete: key }));
}
