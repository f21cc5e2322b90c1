import { pause } from "../../lib/pause.ts";
import { WeftError } from "../../model/error.ts";
import type { Endpoints } from "../endpoints.ts";
import { cursorLost, type StoreBatch } from "../store.ts";
import { type EtcdServer, refused } from "./server.ts";
import { bytesOf, toBatches, watchRange } from "./wire.ts";

const longestDelayMs = 2_000;

interface Watched {
	readonly root: string;
	readonly prefix: string;
	readonly signal: AbortSignal;
}

/** As {@link Store.watch}: one stream after the other, each from where the one before broke. @param since The revision that is known. */
export async function* watchEtcd(
	endpoints: Endpoints<EtcdServer>,
	watched: Watched,
	since: number,
): AsyncIterable<StoreBatch> {
	const { signal } = watched;
	let known = since;
	let clusterId: bigint | undefined;
	for (let delayMs = 50; !signal.aborted; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
		const { server } = endpoints;
		try {
			const id = await held(server, watched, known);
			if (clusterId !== undefined && id !== clusterId) throw cursorLost(watched.prefix, known, "it is another cluster");
			clusterId = id;
			for await (const batch of stream(server, watched, known, () => endpoints.answered(server))) {
				known = batch.revision;
				delayMs = 50;
				yield batch;
			}
		} catch (cause) {
			if (signal.aborted) return;
			const error = server.translate(cause);
			if (error.code === "STORE_CURSOR_LOST") throw error;
			endpoints.failed(server, error);
			if (error.code === "STORE_REFUSED") throw error;
		}
		await pause(delayMs, signal, (wake) => endpoints.onChange((reachable) => reachable && wake()));
	}
}

/**
 * Asks the whole cluster, which the watch itself does not: a store that is behind a revision that it once told was restored
 * from a backup, and would be silent until it has caught up with that. A token that is too old is renewed by this, too.
 * @returns The cluster's id. @throws {WeftError} STORE_CURSOR_LOST
 */
async function held(server: EtcdServer, { root, prefix }: Watched, known: number): Promise<bigint | undefined> {
	const { header } = await server.ask(({ kv }, options) => kv.range({ key: bytesOf(root) }, options));
	const revision = Number(header?.revision ?? 0);
	if (revision < known) throw cursorLost(prefix, known, `the store is at ${revision}`);
	return header?.clusterId;
}

/** One stream of one server, until it breaks. */
async function* stream(
	server: EtcdServer,
	{ root, prefix, signal }: Watched,
	known: number,
	onCreated: () => void,
): AsyncIterable<StoreBatch> {
	const create = { ...watchRange(root, prefix), startRevision: BigInt(known + 1) };
	async function* requests() {
		yield { requestUnion: { case: "createRequest" as const, value: create } };
		// The stream lives as long as the client's half of it.
		await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
	}
	for await (const answer of server.watch.watch(requests(), { signal })) {
		const { created, canceled, compactRevision, cancelReason, events } = answer;
		if (compactRevision > 0n) throw cursorLost(prefix, known + 1, `the store holds ${compactRevision} and later`);
		if (canceled) {
			const reason = new Error(cancelReason);
			if (/permission denied|auth/.test(cancelReason)) throw refused(server.url, reason);
			throw new WeftError("STORE_UNREACHABLE", `Cannot watch "${prefix}": the store ended the watch`, {
				cause: reason,
			});
		}
		if (created) onCreated();
		yield* toBatches(root, prefix, events);
	}
}
