import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sampleEndpoint, sampleHost, sampleNetwork, sampleSandbox } from "../../test/samples.ts";
import { encode } from "../control/context.ts";
import { WeftError } from "../model/error.ts";
import { keys, localKeys } from "../model/keys.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { LocalCopy } from "./local-copy.ts";
import { View } from "./view.ts";

const wanted = new AbortController().signal;
const [self, network] = [sampleHost(1), sampleNetwork()];
const endpoints = [2, 3].map((n) => sampleEndpoint(network, n, self));
const sandbox = sampleSandbox(2, [network]);
const records: readonly (readonly [key: string, value: unknown])[] = [
	[keys.host(self.id), self],
	[keys.network(network.id), network],
	...endpoints.map((one) => [keys.endpoint(network.id, one.id), one] as const),
];

/** A store that does not answer, until `come` is called. */
function away(store: Store): Store & { come(): void } {
	let isThere = false;
	const refusal = () => new WeftError("STORE_UNREACHABLE", "Cannot reach the store at test");
	return {
		...store,
		list: async (prefix) => {
			if (!isThere) throw refusal();
			return store.list(prefix);
		},
		watch: (...args) => store.watch(...args),
		health: store.health,
		come() {
			isThere = true;
		},
	};
}

function viewOf(store: Store, local: Store) {
	const told: unknown[] = [];
	const copy = new LocalCopy(local, localKeys.copy, (error) => told.push(error));
	const onDamaged = (error: WeftError) => told.push(error);
	return {
		view: new View({ store, local, copy, onChange: () => {}, onBatch: () => {}, onDamaged, onRestored: () => {} }),
		copy,
		told,
	};
}

async function clusterStore() {
	const store = openMemoryStore();
	for (const [key, value] of records) await store.txn([], [{ put: key, value: encode(value) }]);
	return store;
}

async function localWithCopy(change: (key: string, text: string) => string = (_, text) => text) {
	const local = openMemoryStore();
	await local.txn([], [{ put: localKeys.sandbox(sandbox.id), value: encode(sandbox) }]);
	for (const [key, value] of records)
		await local.txn([], [{ put: `${localKeys.copy}/${key}`, value: change(key, encode(value)) }]);
	return local;
}

const hurt = keys.endpoint(network.id, endpoints[1]?.id ?? "");

test("a copy with a record that cannot be read serves the others while the store is away, and is made whole when it is back", async () => {
	const local = await localWithCopy((key, text) => (key === hurt ? text.slice(0, 20) : text));
	const store = away(await clusterStore());
	const { view, copy, told } = viewOf(store, local);
	await view.ready();
	assert.deepEqual([...view.endpoints(network.id).keys()], [endpoints[0]?.id]);
	assert.equal(view.network(network.id)?.name, network.name);
	assert.match(String(told[0]), new RegExp(`Cannot read record "${hurt}"`));
	store.come();
	for (let n = 0; n < 100 && view.endpoints(network.id).size < 2; n++) await sleep(50);
	await copy.flush();
	assert.equal((await local.get(`${localKeys.copy}/${hurt}`))?.value, encode(endpoints[1]));
	assert.equal(view.damaged.size, 0);
	view.close();
});

test("a copy that cannot be read at all is told of, and the agent begins when the store is there", async () => {
	const local = await localWithCopy();
	const broken: Store = {
		...local,
		get: (key) => local.get(key),
		txn: (...args) => local.txn(...args),
		watch: (...args) => local.watch(...args),
		list: async (prefix) => {
			if (prefix.startsWith(localKeys.copy)) throw new WeftError("DATABASE_DAMAGED", "Cannot use local.db");
			return local.list(prefix);
		},
	};
	const store = away(await clusterStore());
	const { view, copy, told } = viewOf(store, broken);
	await view.ready();
	assert.equal(view.hosts.size, 0);
	assert.ok(told.length > 0);
	store.come();
	for (let n = 0; n < 100 && view.endpoints(network.id).size < 2; n++) await sleep(50);
	assert.deepEqual([view.hosts.size, view.endpoints(network.id).size], [1, 2]);
	view.close();
	await copy.close();
});

test("sandboxes that cannot be read are not taken for none: the agent does not begin", async () => {
	const local = await localWithCopy();
	const broken: Store = {
		...local,
		txn: (...args) => local.txn(...args),
		watch: (...args) => local.watch(...args),
		list: async () => {
			throw new WeftError("DATABASE_DAMAGED", "Cannot use local.db");
		},
	};
	const { view, copy } = viewOf(await clusterStore(), broken);
	await assert.rejects(view.ready(), { code: "DATABASE_DAMAGED" });
	view.close();
	await copy.close();
});

test("LocalCopy.replace() forgets what went while nobody looked, and writes nothing that it has", async () => {
	const local = openMemoryStore();
	const copy = new LocalCopy(local, localKeys.copy, assert.ifError);
	const [a, b, c] = ["a", "b", "c"].map((name) => ({ key: `endpoints/1/${name}`, value: name }));
	assert.ok(a && b && c);
	await copy.replace("endpoints/1", [a, b], wanted);
	copy.put("endpoints/2/z", "z");
	await copy.flush();
	const { revision } = await local.list("");
	await copy.replace("endpoints/1", [a, b], wanted);
	await copy.flush();
	assert.equal((await local.list("")).revision, revision);
	await copy.replace("endpoints/1", [{ ...a, value: "A" }, c], wanted);
	await copy.flush();
	assert.deepEqual(await copy.list("endpoints/1"), [{ ...a, value: "A" }, c]);
	assert.deepEqual(await copy.list("endpoints/2"), [{ key: "endpoints/2/z", value: "z" }]);
});

test("LocalCopy.replace() writes nothing for a network that was left meanwhile", async () => {
	const copy = new LocalCopy(openMemoryStore(), localKeys.copy, assert.ifError);
	const left = new AbortController();
	const replaced = copy.replace("endpoints/1", [{ key: "endpoints/1/a", value: "a" }], left.signal);
	left.abort();
	await replaced;
	await copy.flush();
	assert.deepEqual(await copy.list("endpoints/1"), []);
});

test("LocalCopy takes what could not be written along with the next change", async () => {
	const local = openMemoryStore();
	const errors: unknown[] = [];
	let full = true;
	const txn: typeof local.txn = (...args) => (full ? Promise.reject(new Error("full")) : local.txn(...args));
	const copy = new LocalCopy({ ...local, list: (prefix) => local.list(prefix), txn }, localKeys.copy, (error) =>
		errors.push(error),
	);
	copy.put("hosts/1", "old");
	await copy.flush();
	assert.equal(errors.length, 1);
	full = false;
	copy.put("hosts/2", "new");
	await copy.flush();
	assert.deepEqual(await copy.list("hosts"), [
		{ key: "hosts/1", value: "old" },
		{ key: "hosts/2", value: "new" },
	]);
});
