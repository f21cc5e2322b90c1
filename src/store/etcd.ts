import { pause } from "../lib/pause.ts";
import { isWeftError, WeftError } from "../model/error.ts";
import { Endpoints, type TlsOptions, translate } from "./etcd/endpoints.ts";
import { leaseOf } from "./etcd/lease.ts";
import { bytesOf, rangesOf, toBatches, toCompare, toEntry, toRequests, watchRange } from "./etcd/wire.ts";
import type { Entry, Expect, Lease, Snapshot, Store, StoreBatch, StoreHealth, Write } from "./store.ts";

export interface EtcdOptions {
	readonly tls?: TlsOptions;
	/** What all keys stand below, with a slash behind it. */
	readonly root?: string;
}

const longestDelayMs = 2_000;

/** Opens a store that speaks etcd's v3 protocol: a real etcd, or the embedded store of another agent. Nothing is sent yet. */
export function openEtcdStore(shownUrl: string, urls: readonly string[], options: EtcdOptions = {}): Store {
	return new EtcdStore(new Endpoints(shownUrl, urls, options.tls), options.root ?? "weft/");
}

class EtcdStore implements Store {
	readonly health: StoreHealth;
	readonly #endpoints: Endpoints;
	readonly #root: string;
	readonly #closed = new AbortController();

	constructor(endpoints: Endpoints, root: string) {
		this.health = endpoints;
		this.#endpoints = endpoints;
		this.#root = root;
	}

	async get(key: string): Promise<Entry | undefined> {
		const { kvs } = await this.#endpoints.call(true, ({ kv }, options) =>
			kv.range({ key: bytesOf(this.#root + key) }, options),
		);
		return kvs[0] === undefined ? undefined : toEntry(this.#root, kvs[0]);
	}

	async list(prefix: string): Promise<Snapshot> {
		// One transaction: both ranges at one revision.
		const success = rangesOf(this.#root, prefix).map((value) => ({
			request: { case: "requestRange" as const, value },
		}));
		const { header, responses } = await this.#endpoints.call(true, ({ kv }, options) => kv.txn({ success }, options));
		const entries = responses.flatMap(({ response }) =>
			response.case === "responseRange" ? response.value.kvs.map((kv) => toEntry(this.#root, kv)) : [],
		);
		return { entries, revision: Number(header?.revision ?? 0) };
	}

	async txn(expect: readonly Expect[], writes: readonly Write[]): Promise<number | undefined> {
		const compare = expect.map((one) => toCompare(this.#root, one));
		const success = writes.flatMap((write) => toRequests(this.#root, write));
		const { succeeded, header } = await this.#endpoints.call(false, ({ kv }, options) =>
			kv.txn({ compare, success }, options),
		);
		return succeeded ? Number(header?.revision ?? 0) : undefined;
	}

	async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreBatch> {
		const ended = AbortSignal.any([signal, this.#closed.signal]);
		let next = fromRevision;
		for (let delayMs = 50; !ended.aborted; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
			const { server } = this.#endpoints;
			try {
				for await (const batch of this.#stream(prefix, next, ended)) {
					next = batch.revision + 1;
					delayMs = 50;
					yield batch;
				}
			} catch (cause) {
				if (ended.aborted) return;
				const error = translate(cause, server.url);
				if (isWeftError(error, "STORE_CURSOR_LOST", "STORE_REFUSED")) throw error;
				this.#endpoints.failed(error);
			}
			await pause(delayMs, ended, (wake) => this.#endpoints.onChange((reachable) => reachable && wake()));
		}
	}

	/** One stream of one server, until it breaks. */
	async *#stream(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreBatch> {
		const create = { ...watchRange(this.#root, prefix), startRevision: BigInt(fromRevision) };
		async function* requests() {
			yield { requestUnion: { case: "createRequest" as const, value: create } };
			// The stream lives as long as the client's half of it.
			await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
		}
		for await (const { created, canceled, compactRevision, cancelReason, events } of this.#endpoints.server.watch.watch(
			requests(),
			{ signal },
		)) {
			if (created) this.#endpoints.answered();
			if (compactRevision > 0n) {
				throw new WeftError(
					"STORE_CURSOR_LOST",
					`Cannot watch "${prefix}" from revision ${fromRevision}: the store holds ${compactRevision} and later`,
				);
			}
			if (canceled)
				throw new WeftError(
					"STORE_UNREACHABLE",
					`Cannot watch "${prefix}": the store ended the watch (${cancelReason})`,
				);
			yield* toBatches(this.#root, prefix, events);
		}
	}

	lease(ttlSeconds: number): Promise<Lease> {
		return leaseOf(this.#endpoints, ttlSeconds, this.#closed.signal);
	}

	async close(): Promise<void> {
		this.#closed.abort();
	}
}
