import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sampleCluster } from "../../../test/sample-cluster.ts";
import { sampleHost } from "../../../test/samples.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import { keys } from "../../model/keys.ts";
import { openMemoryStore } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";
import type { BackupRecord } from "./backup-text.ts";
import { putBack, remembered } from "./put-back.ts";
import { check } from "./repair.ts";

/** What a host that is in all networks, or in those of a set, has in its local copy. */
async function copyOf(store: Store, isIn: (networkId: string) => boolean = () => true): Promise<BackupRecord[]> {
	return (await store.list("")).entries
		.filter(({ key }) => {
			const [kind, id = ""] = key.split("/");
			return kind === keys.hosts || kind === keys.alive || (/^(networks|endpoints)$/.test(kind ?? "") && isIn(id));
		})
		.map(({ key, value }) => ({ key, value }));
}

async function puts(records: readonly BackupRecord[]): Promise<Store> {
	const store = openMemoryStore();
	for (const { key, value } of records) await store.txn([], [{ put: key, value }]);
	return store;
}

const primary = ({ key }: BackupRecord) => /^(hosts|networks|endpoints|names)\//.test(key);
const pictureOf = async (store: Store) =>
	(await store.list("")).entries.filter(primary).map(({ key, value }) => [key, value]);

test("remembered() makes a sound store of any local copy", () =>
	fc.assert(
		fc.asyncProperty(fc.nat(), async (seed) => {
			const lost = await sampleCluster(seed + 1);
			const store = await puts(remembered(await copyOf(lost)).records);
			assert.deepEqual((await check(store, 0)).findings, []);
			assert.deepEqual(await pictureOf(store), await pictureOf(lost));
		}),
		{ numRuns: 30 },
	));

test("putBack() of all hosts, in any parts, brings back all that they were in", () =>
	fc.assert(
		fc.asyncProperty(fc.nat(), fc.nat({ max: 2 }), async (seed, parts) => {
			const lost = await sampleCluster(seed + 1);
			const part = (id: string) => Number.parseInt(id.slice(0, 2), 16) % (parts + 1);
			const store = await puts(remembered(await copyOf(lost, (id) => part(id) === 0)).records);
			for (let n = 1; n <= parts; n++) {
				const copy = await copyOf(lost, (id) => part(id) <= n);
				const { left } = await putBack(store, remembered(copy), sampleHost(n).id);
				assert.deepEqual(left, []);
			}
			assert.deepEqual((await check(store, 0)).findings, []);
			assert.deepEqual(await pictureOf(store), await pictureOf(lost));
		}),
		{ numRuns: 30 },
	));

/** An endpoint, and a store in which all but it is known. */
async function without() {
	for (let seed = 1; ; seed++) {
		const lost = await sampleCluster(seed);
		const copy = await copyOf(lost);
		const [entry] = (await lost.list(keys.allEndpoints)).entries;
		if (entry === undefined) continue;
		const one = JSON.parse(entry.value) as Endpoint;
		const store = await puts(remembered(copy.filter(({ key }) => key !== entry.key)).records);
		return { store, one, memory: remembered(copy) };
	}
}

test("putBack() leaves out the endpoints of a host that lives there already, but for one's own", async () => {
	const { store, one, memory } = await without();
	await store.txn([], [{ put: keys.aliveHost(one.hostId), value: "{}" }]);
	await putBack(store, memory, "another");
	assert.equal(await store.get(keys.endpoint(one.networkId, one.id)), undefined);
	await putBack(store, memory, one.hostId);
	assert.deepEqual(JSON.parse((await store.get(keys.endpoint(one.networkId, one.id)))?.value ?? ""), one);
	assert.deepEqual((await check(store, 0)).findings, []);
});

test("putBack() takes nothing that is another's by now, and says what it left", async () => {
	const { store, one, memory } = await without();
	await store.txn([], [{ put: keys.address(one.networkId, one.address), value: '{"endpoint":"another"}' }]);
	const { left } = await putBack(store, memory, one.hostId);
	assert.deepEqual(left, [`"${one.name}" at ${one.address}: its name or its address is another's by now`]);
	assert.equal(await store.get(keys.endpoint(one.networkId, one.id)), undefined);

	const empty = openMemoryStore();
	const [network] = memory.networks;
	await empty.txn([], [{ put: keys.networkName(network?.name ?? ""), value: "another" }]);
	assert.match(
		(await putBack(empty, memory, "x")).left[0] ?? "",
		/^network "net\d": its name or its VNI \d+ is another's/,
	);
});

test("remembered() leaves out what cannot be read", () => {
	assert.deepEqual(
		remembered([
			{ key: "networks/a", value: "{" },
			{ key: "hosts/a", value: "{}" },
		]).records,
		[],
	);
});
