import { Code, ConnectError } from "@connectrpc/connect";
import { isWeftError } from "../../model/error.ts";
import type { WatchCreateRequest, WatchRequest } from "../etcd/gen/rpc_pb.js";
import { textOf } from "../etcd/wire.ts";
import type { EmbeddedStore } from "../sqlite.ts";
import type { StoreBatch } from "../store.ts";
import { headerOf } from "./header.ts";
import { root, served } from "./kv.ts";

const utf8 = new TextEncoder();

/** Serves one watch a stream, as weft's client and `etcdctl` ask for it: the first request says what; the stream's end ends it. */
export async function* serveWatch(store: EmbeddedStore, requests: AsyncIterable<WatchRequest>, ended: AbortSignal) {
	const first = await requests[Symbol.asyncIterator]().next();
	const request = first.done === true ? undefined : first.value.requestUnion;
	if (request?.case !== "createRequest")
		throw new ConnectError("a watch begins with create_request", Code.InvalidArgument);
	const { value: create } = request;
	const header = headerOf(store);
	const from = create.startRevision > 0n ? Number(create.startRevision) : store.revision + 1;
	yield { header, watchId: create.watchId, created: true };
	try {
		for await (const batch of store.watch("", from, ended)) {
			const events = eventsWithin(create, batch);
			if (events.length > 0) yield { header: { revision: BigInt(batch.revision) }, watchId: create.watchId, events };
		}
	} catch (error) {
		if (!isWeftError(error, "STORE_CURSOR_LOST")) throw error;
		yield {
			header,
			watchId: create.watchId,
			canceled: true,
			compactRevision: BigInt(store.revision),
			cancelReason: error.message,
		};
	}
}

function eventsWithin({ key, rangeEnd }: WatchCreateRequest, { revision, events }: StoreBatch) {
	const [from, to] = [textOf(key), textOf(rangeEnd)];
	const inside = (name: string) => (to === "" ? name === from : name >= from && (to === "\0" || name < to));
	return events
		.filter((event) => inside(root + (event.type === "put" ? event.entry.key : event.key)))
		.map((event) =>
			event.type === "put"
				? { type: 0, kv: served(event.entry) }
				: { type: 1, kv: { key: utf8.encode(root + event.key), modRevision: BigInt(revision) } },
		);
}
