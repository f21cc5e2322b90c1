import { WeftError } from "../model/error.ts";
import { type ConsulAccess, ConsulServer } from "./consul/server.ts";
import { consulSession } from "./consul/session.ts";
import { listConsul, watchConsul } from "./consul/watch.ts";
import { kvPath, type Operation, type TxnAnswer, toEntries, toOperations } from "./consul/wire.ts";
import { Endpoints } from "./endpoints.ts";
import {
	checkOperations,
	type Entry,
	type Expect,
	type Lease,
	leaseGone,
	type Snapshot,
	type Store,
	type StoreBatch,
	type StoreHealth,
	type Write,
} from "./store.ts";

export type ConsulOptions = Partial<ConsulAccess>;

/** Opens a store in Consul's key-value store, by its servers or client agents. Nothing is sent yet. */
export function openConsulStore(shownUrl: string, urls: readonly string[], options: ConsulOptions = {}): Store {
	const { root = "weft/" } = options;
	const servers = urls.map((url) => new ConsulServer(url, { ...options, root }));
	return new ConsulStore(new Endpoints(shownUrl, servers), root);
}

class ConsulStore implements Store {
	readonly health: StoreHealth;
	readonly #endpoints: Endpoints<ConsulServer>;
	readonly #root: string;
	readonly #closed = new AbortController();

	constructor(endpoints: Endpoints<ConsulServer>, root: string) {
		this.health = endpoints;
		this.#endpoints = endpoints;
		this.#root = root;
	}

	async get(key: string): Promise<Entry | undefined> {
		const path = kvPath(this.#root + key, "consistent");
		const { status, body } = await this.#endpoints.call(true, (server) => server.ask({ path }));
		return status === 404 ? undefined : toEntries(this.#root, key, body)[0];
	}

	async list(prefix: string): Promise<Snapshot> {
		const { index, body } = await this.#endpoints.call(true, (server) =>
			listConsul(server, { root: this.#root, prefix }, { index: 0 }),
		);
		return { entries: toEntries(this.#root, prefix, body), revision: index };
	}

	async txn(expect: readonly Expect[], writes: readonly Write[]): Promise<number | undefined> {
		checkOperations(expect, writes);
		const operations = toOperations(this.#root, expect, writes);
		const body = operations.map((KV) => ({ KV }));
		return this.#endpoints.call(false, async (server) => {
			const answer = await server.ask({ method: "PUT", path: "txn", body });
			return outcome(server, operations, JSON.parse(answer.body) as TxnAnswer);
		});
	}

	watch(prefix: string, since: Snapshot, signal: AbortSignal): AsyncIterable<StoreBatch> {
		const ended = AbortSignal.any([signal, this.#closed.signal]);
		return watchConsul(this.#endpoints, { root: this.#root, prefix, signal: ended }, since);
	}

	lease(ttlSeconds: number): Promise<Lease> {
		return consulSession(this.#endpoints, ttlSeconds, this.#closed.signal);
	}

	async close(): Promise<void> {
		this.#closed.abort();
		this.#endpoints.close();
	}
}

/** @returns As {@link Store.txn}. @throws {WeftError} STORE_REFUSED, STORE_CONFLICT */
function outcome(
	server: ConsulServer,
	operations: readonly Operation[],
	{ Results, Errors }: TxnAnswer,
): number | undefined {
	const [error] = Errors ?? [];
	if (error === undefined) return Math.max(...(Results ?? []).map(({ KV }) => KV?.ModifyIndex ?? 0));
	const cause = new Error(error.What);
	if (/permission denied/i.test(error.What)) throw server.lacksRights(cause);
	const failed = operations[error.OpIndex];
	if (failed?.Verb.startsWith("check-")) return undefined;
	if (failed?.Verb === "lock") throw leaseGone(failed.Session, cause);
	throw new WeftError("STORE_REFUSED", `Cannot write to the store at ${server.url}: it refused`, { cause });
}
