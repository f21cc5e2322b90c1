import { Endpoints } from "./endpoints.ts";
import { Gets } from "./etcd/gets.ts";
import { etcdLease } from "./etcd/lease.ts";
import { Login } from "./etcd/login.ts";
import { type EtcdAccess, EtcdServer } from "./etcd/server.ts";
import { watchEtcd } from "./etcd/watch.ts";
import { bytesOf, type KeyRange, rangesOf, toCompare, toEntry, toRequests } from "./etcd/wire.ts";
import {
	checkOperations,
	type Entry,
	type Expect,
	type Lease,
	type Snapshot,
	type Store,
	type StoreBatch,
	type StoreHealth,
	type Write,
} from "./store.ts";

export interface EtcdOptions extends EtcdAccess {
	/** What all keys stand below, with a slash behind it. */
	readonly root?: string;
}

/** Opens a store that speaks etcd's v3 protocol: a real etcd, or the embedded store of another agent. Nothing is sent yet. */
export function openEtcdStore(
	shownUrl: string,
	urls: readonly string[],
	{ root = "weft/", ...access }: EtcdOptions = {},
): Store {
	const login = access.user === undefined ? undefined : new Login(access.user);
	const servers = urls.map((url) => new EtcdServer(url, access, login));
	return new EtcdStore(new Endpoints(shownUrl, servers), root);
}

class EtcdStore implements Store {
	readonly health: StoreHealth;
	readonly #endpoints: Endpoints<EtcdServer>;
	readonly #root: string;
	readonly #closed = new AbortController();
	readonly #gets = new Gets(async (keys) => {
		const { found } = await this.#read(keys.map((key) => ({ key: bytesOf(this.#root + key) })));
		return found.map(([entry]) => entry);
	});

	constructor(endpoints: Endpoints<EtcdServer>, root: string) {
		this.health = endpoints;
		this.#endpoints = endpoints;
		this.#root = root;
	}

	get(key: string): Promise<Entry | undefined> {
		return this.#gets.get(key);
	}

	async list(prefix: string): Promise<Snapshot> {
		const { found, revision } = await this.#read(rangesOf(this.#root, prefix));
		return { entries: found.flat(), revision };
	}

	/** Reads ranges in one transaction: all at one revision. @returns What is in each. */
	async #read(ranges: readonly Partial<KeyRange>[]): Promise<{ readonly found: Entry[][]; readonly revision: number }> {
		const success = ranges.map((value) => ({ request: { case: "requestRange" as const, value } }));
		const { header, responses } = await this.#endpoints.call(true, (server) =>
			server.ask(({ kv }, options) => kv.txn({ success }, options)),
		);
		const found = responses.map(({ response }) =>
			response.case === "responseRange" ? response.value.kvs.map((kv) => toEntry(this.#root, kv)) : [],
		);
		return { found, revision: Number(header?.revision ?? 0) };
	}

	async txn(expect: readonly Expect[], writes: readonly Write[]): Promise<number | undefined> {
		checkOperations(expect, writes);
		const compare = expect.map((one) => toCompare(this.#root, one));
		const success = writes.flatMap((write) => toRequests(this.#root, write));
		const { succeeded, header } = await this.#endpoints.call(false, (server) =>
			server.ask(({ kv }, options) => kv.txn({ compare, success }, options)),
		);
		return succeeded ? Number(header?.revision ?? 0) : undefined;
	}

	watch(prefix: string, { revision }: Snapshot, signal: AbortSignal): AsyncIterable<StoreBatch> {
		const ended = AbortSignal.any([signal, this.#closed.signal]);
		return watchEtcd(this.#endpoints, { root: this.#root, prefix, signal: ended }, revision);
	}

	lease(ttlSeconds: number): Promise<Lease> {
		return etcdLease(this.#endpoints, ttlSeconds, this.#closed.signal);
	}

	async close(): Promise<void> {
		this.#closed.abort();
		this.#endpoints.close();
	}
}
