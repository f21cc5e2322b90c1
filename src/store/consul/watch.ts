import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import type { Endpoints } from "../endpoints.ts";
import { rewatch } from "../rewatch.ts";
import type { Entry, Snapshot, StoreBatch, StoreEvent } from "../store.ts";
import type { Answer, ConsulServer } from "./server.ts";
import { kvPath, toEntries } from "./wire.ts";

/**
 * Consul answers then at the latest, a sixteenth later. It may have asked its leader for us, and that may be gone: it
 * would not notice sooner than this.
 */
const waitSeconds = 60;
const [shortestRestMs, longestRestMs] = [5, 1_000];

interface Watched {
	readonly root: string;
	readonly prefix: string;
	readonly signal: AbortSignal;
}

/** As {@link Store.watch}: all below the prefix, each time that something changed there, and what differs is told. */
export function watchConsul(
	endpoints: Endpoints<ConsulServer>,
	watched: Watched,
	since: Snapshot,
): AsyncIterable<StoreBatch> {
	const seen = new Seen(since.entries);
	return rewatch(endpoints, watched.signal, async function* (server, heard) {
		const silent = new AbortController();
		// One that fails others may keep this one waiting: another server is asked then.
		const unlisten = endpoints.onChange((reachable) => !reachable && silent.abort());
		const signal = AbortSignal.any([watched.signal, silent.signal]);
		try {
			// Asked without an index first: a server that was restored from a backup is behind the one that is known.
			for (let index = 0; ; ) {
				const answer = await listConsul(server, watched, { index, signal });
				heard();
				const began = performance.now();
				// Nothing new within the wait, or in a store that is being replaced by a backup: asked for as at first.
				if (answer.index === index) index = 0;
				else {
					index = Math.max(1, answer.index);
					const events = seen.differ(toEntries(watched.root, watched.prefix, answer.body), answer.index);
					if (events.length > 0) yield { revision: answer.index, events };
				}
				// All of it is read each time: where much changes often, that is not all that this host does.
				const restMs = Math.min(Math.max(performance.now() - began, shortestRestMs), longestRestMs);
				await sleep(restMs, undefined, { signal });
			}
		} catch (error) {
			if (!silent.signal.aborted) throw error;
		} finally {
			unlisten();
		}
	});
}

/**
 * @param index Answers when what is below the prefix has another one than this; 0 at once.
 * @throws {WeftError} STORE_REFUSED, too: keys that a token may not read are kept back without a word.
 */
export async function listConsul(
	server: ConsulServer,
	{ root, prefix }: Omit<Watched, "signal">,
	{ index, signal }: { index: number; signal?: AbortSignal },
): Promise<Answer> {
	const waiting = index === 0 ? "" : `&index=${index}&wait=${waitSeconds}s`;
	const answer = await server.ask({
		path: kvPath(root + prefix, `recurse&consistent${waiting}`),
		...(index === 0 ? {} : { timeoutMs: waitSeconds * 1_200 }),
		...(signal === undefined ? {} : { signal }),
	});
	// A single key is not kept back, but refused.
	if (answer.body === "" && answer.deniesByDefault) await server.ask({ path: kvPath(root + prefix, "consistent") });
	return answer;
}

/** What was last seen of each key: enough to know it again, also in a server that gives an index to another value than before. */
class Seen {
	#keys: Map<string, { readonly revision: number; readonly crc: number }>;

	constructor(entries: readonly Entry[]) {
		this.#keys = digest(entries);
	}

	/** @param revision Of `entries`. @returns What has changed, the latest last; of what is gone only this revision is known. */
	differ(entries: readonly Entry[], revision: number): StoreEvent[] {
		const [former, now] = [this.#keys, digest(entries)];
		const changed = entries.filter(({ key }) => {
			const [was, is] = [former.get(key), now.get(key)];
			return was?.revision !== is?.revision || was?.crc !== is?.crc;
		});
		const gone = [...former.keys()].filter((key) => !now.has(key));
		this.#keys = now;
		return [
			...changed.sort((a, b) => a.revision - b.revision).map((entry): StoreEvent => ({ type: "put", entry })),
			...gone.map((key): StoreEvent => ({ type: "delete", key, revision })),
		];
	}
}

function digest(entries: readonly Entry[]): Map<string, { revision: number; crc: number }> {
	return new Map(entries.map(({ key, value, revision }) => [key, { revision, crc: crc32(value) }]));
}
