import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WeftError } from "../model/error.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import { cursorLost, type Snapshot, type Store } from "../store/store.ts";
import { Mirror } from "./mirror.ts";

/** A store of one key that is restored from a backup once it is watched: its revision stands for another value then. */
function restoredStore(before: Snapshot, after: Snapshot): Store {
	let restored = false;
	return {
		...openMemoryStore(),
		list: async () => (restored ? after : before),
		async *watch(prefix, { revision }, signal) {
			yield { revision, events: [] };
			if (restored) await once(signal, "abort");
			restored = true;
			throw cursorLost(prefix, revision, "restored");
		},
	};
}

test("Mirror tells a value anew whose revision meant another before the store was restored", async () => {
	const store = restoredStore(
		{ entries: [{ key: "k/a", value: "new", revision: 7 }], revision: 9 },
		{ entries: [{ key: "k/a", value: "old", revision: 7 }], revision: 7 },
	);
	const told: (string | undefined)[] = [];
	const { promise, resolve } = Promise.withResolvers<void>();
	const mirror = new Mirror({
		store,
		prefix: "k",
		onChange: (_, value) => void told.push(value),
		onBatch: () => told.length === 2 && resolve(),
	});
	await promise;
	mirror.close();
	assert.deepEqual(told, ["new", "old"]);
});

test("Mirror takes each change that a watch tells, whatever its revision", async () => {
	const entry = { key: "k/a", revision: 7 };
	const told: (string | undefined)[] = [];
	const { promise, resolve } = Promise.withResolvers<void>();
	const store: Store = {
		...openMemoryStore(),
		list: async () => ({ entries: [{ ...entry, value: "new" }], revision: 9 }),
		async *watch(_prefix, _since, signal) {
			yield { revision: 9, events: [{ type: "put" as const, entry: { ...entry, value: "old" } }] };
			resolve();
			await once(signal, "abort");
		},
	};
	const mirror = new Mirror({ store, prefix: "k", onChange: (_, value) => void told.push(value), onBatch: () => {} });
	await promise;
	mirror.close();
	assert.deepEqual(told, ["new", "old"]);
});

test("Mirror without a copy that finds its store away waits for it, and troubles nobody who does not wait for its first picture", async () => {
	const store = openMemoryStore();
	await store.txn([], [{ put: "k/a", value: "1" }]);
	let away = 2;
	const late: Store = {
		...store,
		health: store.health,
		watch: (...args) => store.watch(...args),
		list: async (prefix) => {
			if (away-- > 0) throw new WeftError("STORE_UNREACHABLE", "Cannot reach the store at test");
			return store.list(prefix);
		},
	};
	const { promise, resolve } = Promise.withResolvers<void>();
	const mirror = new Mirror({ store: late, prefix: "k", onChange: () => resolve(), onBatch: () => {} });
	await promise;
	await assert.rejects(mirror.ready, { code: "STORE_UNREACHABLE" });
	mirror.close();
});
