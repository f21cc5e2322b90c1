import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sampleEndpoint, sampleHost, sampleNetwork, sampleSandbox } from "../../test/samples.ts";
import { encode } from "../control/context.ts";
import { keys, localKeys } from "../model/keys.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { LocalCopy } from "./local-copy.ts";
import { View } from "./view.ts";

const [host, network] = [sampleHost(1), sampleNetwork()];
const endpoint = sampleEndpoint(network, 2, host);
const sandbox = sampleSandbox(2, [network]);

/** What each record may be made into. */
const damage: readonly (readonly [name: string, change: (text: string) => string])[] = [
	["nothing", () => ""],
	["half of it", (text) => text.slice(0, text.length / 2)],
	["null", () => "null"],
	["a list", (text) => `[${text}]`],
	["an empty record", () => "{}"],
	["one without its name", (text) => text.replace('"name"', '"nome"')],
	["one with a number for its id", (text) => text.replace(/"id":"[^"]*"/, '"id":7')],
];

const records = {
	[keys.host(host.id)]: host,
	[keys.network(network.id)]: network,
	[keys.endpoint(network.id, endpoint.id)]: endpoint,
	[localKeys.sandbox(sandbox.id)]: sandbox,
};

async function openWorld() {
	const [store, local] = [openMemoryStore(), openMemoryStore()];
	for (const [key, value] of Object.entries(records))
		await (key.startsWith("sandboxes/") ? local : store).txn([], [{ put: key, value: encode(value) }]);
	const told: string[] = [];
	const open = () =>
		new View({
			store,
			local,
			copy: new LocalCopy(local, localKeys.copy, assert.ifError),
			onChange: () => {},
			onBatch: () => {},
			onRestored: () => {},
			onDamaged: ({ code, message }) => told.push(`${code} ${message}`),
		});
	return { store, local, told, open };
}

for (const [key, value] of Object.entries(records))
	for (const [what, change] of damage)
		test(`a view goes on when ${key.split("/")[0]} hold ${what}: what it was still holds, and it is told`, async () => {
			const { store, local, told, open } = await openWorld();
			const view = open();
			await view.ready();
			const before = [view.hosts.get(host.id), view.network(network.id), view.endpoints(network.id).get(endpoint.id)];
			assert.ok(before.every((one) => one !== undefined));
			const place = key.startsWith("sandboxes/") ? local : store;
			await place.txn([], [{ put: key, value: change(encode(value)) }]);
			await store.txn(
				[],
				[{ put: keys.host("f".repeat(32)), value: encode({ ...sampleHost(2), id: "f".repeat(32) }) }],
			);
			await sleep(20);
			assert.deepEqual(
				[view.hosts.get(host.id), view.network(network.id), view.endpoints(network.id).get(endpoint.id)],
				before,
			);
			assert.ok(view.sandboxes.has(sandbox.id));
			assert.ok(view.hosts.has("f".repeat(32)));
			assert.equal(told.length, 1);
			assert.match(told[0] ?? "", /^DATABASE_DAMAGED Cannot read record /);
			assert.ok(told[0]?.includes(key));
			assert.deepEqual([...view.damaged.keys()], [key]);
			view.close();
			// One that begins anew does not know what it was, and all the others are there at once.
			const later = open();
			await later.ready();
			assert.ok(later.hosts.has("f".repeat(32)));
			assert.deepEqual([...later.damaged.keys()], [key]);
			await place.txn([], [{ put: key, value: encode(value) }]);
			await sleep(20);
			assert.equal(later.damaged.size, 0);
			later.close();
		});

test("a view takes a network of a driver that this weft does not have for one that cannot be read", async () => {
	const { store, told, open } = await openWorld();
	await store.txn([], [{ put: keys.network(network.id), value: encode({ ...network, driver: "carrier-pigeon" }) }]);
	const view = open();
	await view.ready();
	assert.equal(view.network(network.id), undefined);
	assert.match(told[0] ?? "", /carrier-pigeon/);
	view.close();
});
/** A store behind a wire: what is behind it can be replaced while nobody can reach it. */
function replaceable(first: Store) {
	let current = first;
	let tell: (reachable: boolean) => void = () => {};
	const store: Store = {
		get: (key) => current.get(key),
		list: (prefix) => current.list(prefix),
		txn: (...change) => current.txn(...change),
		watch: (...from) => current.watch(...from),
		lease: (ttlSeconds) => current.lease(ttlSeconds),
		close: () => current.close(),
		health: {
			url: "test",
			reachable: true,
			onChange(listener) {
				tell = listener;
				return () => {};
			},
		},
	};
	return {
		store,
		async replace(next: Store) {
			tell(false);
			current = next;
			tell(true);
			await new Promise((resolve) => setTimeout(resolve, 30));
		},
	};
}

async function withHosts(...numbers: readonly number[]): Promise<Store> {
	const store = openMemoryStore();
	for (const n of numbers)
		await store.txn([], [{ put: keys.host(sampleHost(n).id), value: JSON.stringify(sampleHost(n)) }]);
	return store;
}

test("View takes a new picture of a store that was restored from a backup, and of no other", async () => {
	const { store, replace } = replaceable(await withHosts(1, 2, 3));
	let restored = 0;
	const local = openMemoryStore();
	const view = new View({
		store,
		local,
		copy: new LocalCopy(local, localKeys.copy, assert.ifError),
		onChange: () => {},
		onBatch: () => {},
		onRestored: () => restored++,
		onDamaged: assert.ifError,
	});
	await view.ready();
	const names = () => [...view.hosts.values()].map(({ name }) => name).sort();
	assert.deepEqual(names(), ["host1", "host2", "host3"]);
	const backup = await withHosts(4, 2);
	await replace(backup);
	assert.deepEqual([names(), restored], [["host2", "host4"], 1]);
	await backup.txn([], [{ delete: keys.host(sampleHost(4).id) }]);
	await replace(backup);
	assert.deepEqual([names(), restored], [["host2"], 1]);
	view.close();
});
