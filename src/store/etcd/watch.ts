import { WeftError } from "../../model/error.ts";
import type { Endpoints } from "../endpoints.ts";
import { rewatch } from "../rewatch.ts";
import { cursorLost, type StoreBatch } from "../store.ts";
import { type EtcdServer, refused } from "./server.ts";
import { bytesOf, toBatches, watchRange } from "./wire.ts";

interface Watched {
	readonly root: string;
	readonly prefix: string;
	readonly signal: AbortSignal;
}

/** As {@link Store.watch}: each stream begins where the one before broke. @param since The revision that is known. */
export function watchEtcd(
	endpoints: Endpoints<EtcdServer>,
	watched: Watched,
	since: number,
): AsyncIterable<StoreBatch> {
	let known = since;
	let clusterId: bigint | undefined;
	return rewatch(endpoints, watched.signal, async function* (server, heard) {
		const id = await clusterThatHolds(server, watched, known);
		if (clusterId !== undefined && id !== clusterId) throw cursorLost(watched.prefix, known, "it is another cluster");
		clusterId = id;
		for await (const batch of stream(server, watched, known, heard)) {
			known = batch.revision;
			yield batch;
		}
	});
}

/**
 * Asks the whole cluster, which the watch itself does not: a store that is behind a revision that it once told was restored
 * from a backup, and would be silent until it has caught up with that. A token that is too old is renewed by this, too.
 * @returns The cluster's id. @throws {WeftError} STORE_CURSOR_LOST
 */
async function clusterThatHolds(
	server: EtcdServer,
	{ root, prefix }: Watched,
	known: number,
): Promise<bigint | undefined> {
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
	heard: () => void,
): AsyncIterable<StoreBatch> {
	const create = { ...watchRange(root, prefix), startRevision: BigInt(known + 1) };
	async function* requests() {
		yield { requestUnion: { case: "createRequest" as const, value: create } };
		// The stream lives as long as the client's half of it.
		await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
	}
	for await (const answer of server.watch.watch(requests(), { signal })) {
		const { canceled, compactRevision, cancelReason, events } = answer;
		if (compactRevision > 0n) throw cursorLost(prefix, known + 1, `the store holds ${compactRevision} and later`);
		if (canceled) {
			const reason = new Error(cancelReason);
			// It comes as a text alone.
			if (/permission denied|auth/.test(cancelReason)) throw refused(server.url, reason);
			throw new WeftError("STORE_UNREACHABLE", `Cannot watch "${prefix}": the store ended the watch`, {
				cause: reason,
			});
		}
		heard();
		yield* toBatches(root, prefix, events);
	}
}
