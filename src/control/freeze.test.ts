import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { keys } from "../model/keys.ts";
import type { Move } from "../model/move.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import { FreezableStore } from "./freeze.ts";
import { abortMove } from "./upkeep/abort-move.ts";

const move = (state: Move["state"]): string =>
	JSON.stringify({ id: "1".repeat(32), state, to: "etcd://10.0.0.5", by: "host1", at: "2026" } satisfies Move);

test("FreezableStore.txn() writes and refuses as its store does while nothing moves", async () => {
	const store = new FreezableStore(openMemoryStore());
	assert.ok((await store.txn([{ key: "a", revision: 0 }], [{ put: "a", value: "1" }])) !== undefined);
	assert.equal(await store.txn([{ key: "a", revision: 0 }], [{ put: "a", value: "2" }]), undefined);
});

test("FreezableStore.txn() waits for the end of a freeze, whatever it expects", async () => {
	const bare = openMemoryStore();
	const store = new FreezableStore(bare);
	await bare.txn([], [{ put: keys.moving, value: move("leaving") }]);
	const began = performance.now();
	const writing = Promise.all([
		store.txn([], [{ put: "a", value: "1" }]),
		store.txn([{ key: "b", revision: 0 }], [{ put: "b", value: "1" }]),
	]);
	await sleep(300);
	assert.equal(await bare.get("a"), undefined);
	await bare.txn([], [{ delete: keys.moving }]);
	assert.ok((await writing).every((revision) => revision !== undefined));
	assert.ok(performance.now() - began < 1_000);
});

test("FreezableStore.txn() says that the contents have left, and lets leased keys through", async () => {
	const bare = openMemoryStore();
	const store = new FreezableStore(bare);
	await bare.txn([], [{ put: keys.moving, value: move("left") }]);
	await assert.rejects(store.txn([], [{ put: "a", value: "1" }]), {
		code: "STORE_MOVING",
		message: "Cannot change the cluster's state: it is moving to etcd://10.0.0.5",
	});
	const lease = await store.lease(10);
	assert.ok((await store.txn([], [{ put: "alive/a", value: "1", lease: lease.id }])) !== undefined);
	await lease.revoke();
});

test("FreezableStore.txn() gives up on a freeze that does not end", async () => {
	const bare = openMemoryStore();
	await bare.txn([], [{ put: keys.moving, value: move("restoring") }]);
	await assert.rejects(new FreezableStore(bare, { patienceMs: 100 }).txn([], [{ delete: "a" }]), {
		code: "STORE_MOVING",
		message: /being restored on host1/,
	});
});

test("FreezableStore.txn() is stopped by a mark that cannot be read, too", async () => {
	const bare = openMemoryStore();
	await bare.txn([], [{ put: keys.moving, value: '{"half' }]);
	const store = new FreezableStore(bare, { patienceMs: 50 });
	await assert.rejects(store.txn([], [{ put: "a", value: "1" }]), { code: "STORE_MOVING" });
	assert.ok((await abortMove(bare)) !== undefined);
	assert.ok((await store.txn([], [{ put: "a", value: "1" }])) !== undefined);
});
