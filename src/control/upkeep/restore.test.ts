import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sampleCluster } from "../../../test/sample-cluster.ts";
import { keys } from "../../model/keys.ts";
import { openMemoryStore } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";
import { FreezableStore } from "../freeze.ts";
import { isKept } from "./backup-text.ts";
import { Restore } from "./restore.ts";

const options = { from: "a.backup", by: "host1", force: false, at: "2026", id: "1".repeat(32) };

async function kept(store: Store): Promise<[string, string][]> {
	return (await store.list("")).entries.filter(({ key }) => isKept(key)).map(({ key, value }) => [key, value]);
}

const recordsOf = async (store: Store) => (await kept(store)).map(([key, value]) => ({ key, value }));

test("Restore puts any cluster into any other's place, and writes nothing that is there already", () =>
	fc.assert(
		fc.asyncProperty(fc.nat(), fc.nat(), async (one, two) => {
			const [source, target] = [await sampleCluster(one + 1), await sampleCluster(two + 1)];
			for (const { key } of (await target.list(keys.alive)).entries) await target.txn([], [{ delete: key }]);
			const restore = await Restore.begin(target, { ...options, force: true });
			const records = await recordsOf(source);
			const before = new Map(
				(await target.list("")).entries.map(({ key, value, revision }) => [key, { value, revision }]),
			);
			for (let n = 0; n < records.length; n += 7) await restore.put(records.slice(n, n + 7));
			await restore.end();
			assert.deepEqual(await kept(target), await kept(source));
			for (const { key, value, revision } of (await target.list("")).entries)
				if (before.get(key)?.value === value) assert.equal(revision, before.get(key)?.revision, key);
		}),
		{ numRuns: 20 },
	));

test("Restore.begin() refuses a cluster with networks, and leaves it as it was", async () => {
	const store = await sampleCluster(5);
	const before = await store.list("");
	await assert.rejects(Restore.begin(store, options), { code: "STORE_NOT_EMPTY", message: /networks? (is|are) in/ });
	assert.deepEqual(await store.list(""), before);
});

test("Restore freezes the store until it ends", async () => {
	const store = openMemoryStore();
	const restore = await Restore.begin(store, options);
	const other = new FreezableStore(store, { patienceMs: 50 });
	await assert.rejects(other.txn([], [{ put: "networks/a", value: "" }]), { code: "STORE_MOVING" });
	await restore.end();
	assert.ok((await other.txn([], [{ put: "networks/a", value: "" }])) !== undefined);
});

test("Restore leaves the records of hosts that live, and removes those of others", async () => {
	const store = openMemoryStore();
	const put = (put: string, value: string) => ({ put, value });
	await store.txn([], [put("hosts/a", "here"), put("hosts/b", "gone"), put("hosts/c", "new"), put("alive/a", "{}")]);
	await store.txn([], [put("alive/c", "{}"), put("tokens/t", "{}")]);
	const restore = await Restore.begin(store, options);
	await restore.put([
		{ key: "hosts/a", value: "at its former address" },
		{ key: "hosts/d", value: "dead" },
	]);
	await restore.end();
	assert.deepEqual(
		(await store.list("")).entries.map(({ key, value }) => `${key}=${value}`),
		["alive/a={}", "alive/c={}", "hosts/a=here", "hosts/c=new", "hosts/d=dead", "tokens/t={}"],
	);
});

test("Restore that was left in the middle is begun again, and the former one can do nothing any more", async () => {
	const [source, target] = [await sampleCluster(3), openMemoryStore()];
	const records = await recordsOf(source);
	const first = await Restore.begin(target, options);
	await first.put(records.slice(0, 5));
	const second = await Restore.begin(target, { ...options, id: "2".repeat(32), force: true });
	await assert.rejects(first.put(records), { code: "CONFLICT" });
	await assert.rejects(first.end(), { code: "CONFLICT" });
	await second.put(records);
	await second.end();
	assert.deepEqual(await kept(target), await kept(source));
});

test("Restore.put() refuses what no backup holds", async () => {
	const restore = await Restore.begin(openMemoryStore(), options);
	for (const key of ["moving", "alive/a", "tokens/a", "paths/asked/a/b"])
		await assert.rejects(restore.put([{ key, value: "{}" }]), { code: "ARGUMENT_INVALID" }, key);
});
