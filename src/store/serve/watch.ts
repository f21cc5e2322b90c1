import { isWeftError } from "../../model/error.ts";
import type { WatchCreateRequest, WatchRequest } from "../etcd/gen/rpc_pb.js";
import { textOf } from "../etcd/wire.ts";
import { charsOf } from "../feed.ts";
import type { EmbeddedStore } from "../sqlite.ts";
import type { StoreBatch } from "../store.ts";
import type { Call } from "./call.ts";
import { headerOf } from "./header.ts";
import { root, served } from "./kv.ts";
import { invalid } from "./limits.ts";

const utf8 = new TextEncoder();

/**
 * Serves one watch a stream, as weft's client and `etcdctl` ask for it: the first request says what; the stream's end ends it.
 * Nothing is read for one who does not read, and one who stays too far behind is told that its place is lost.
 */
export async function* serveWatch(
	store: EmbeddedStore,
	requests: AsyncIterable<WatchRequest>,
	{ call, ended }: { readonly call: Call; readonly ended: AbortSignal },
) {
	const first = await requests[Symbol.asyncIterator]().next();
	const request = first.done === true ? undefined : first.value.requestUnion;
	if (request?.case !== "createRequest") throw invalid("a watch begins with create_request");
	const { value: create } = request;
	const { watchId } = create;
	const header = headerOf(store);
	let next = create.startRevision > 0n ? Number(create.startRevision) : store.revision + 1;
	yield { header, watchId, created: true };
	try {
		for (;;) {
			await store.feed.reached(next, ended);
			if (ended.aborted) return;
			const { batch, events } = await call.answer(ended, () => answerFrom(store, create, next));
			next = (batch?.revision ?? next) + 1;
			if (batch !== undefined && events.length > 0)
				yield { header: { revision: BigInt(batch.revision) }, watchId, events };
			call.passOn();
		}
	} catch (error) {
		if (ended.aborted) return;
		if (!isWeftError(error, "STORE_CURSOR_LOST")) throw error;
		yield { header, watchId, canceled: true, compactRevision: BigInt(store.revision), cancelReason: error.message };
	}
}

function answerFrom(store: EmbeddedStore, create: WatchCreateRequest, revision: number) {
	const batch = store.feed.batchFrom(revision);
	const events = batch === undefined ? [] : eventsWithin(create, batch);
	return { batch, events, bytes: batch === undefined || events.length === 0 ? 0 : charsOf(batch) };
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
