import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sampleCluster } from "../../../test/sample-cluster.ts";
import { keys } from "../../model/keys.ts";
import { openMemoryStore } from "../../store/sqlite.ts";
import type { Store, Write } from "../../store/store.ts";
import { check, repair } from "./repair.ts";

const nowMs = 2_000_000;

/** A random cluster as control makes it, from a seed. */
const clusters = fc.integer({ min: 1, max: 1_000_000 });

async function picture(store: Store): Promise<Map<string, string>> {
	return new Map((await store.list("")).entries.map(({ key, value }) => [key, value]));
}

async function codesOf(store: Store): Promise<string[]> {
	return (await check(store, nowMs)).findings.map(({ finding }) => finding.code).toSorted();
}

/** Applies a change, and says what a check finds. */
async function after(writes: readonly Write[], store: Store): Promise<string[]> {
	await store.txn([], writes);
	return codesOf(store);
}

test("checkSnapshot() finds nothing in an empty store, nor in any cluster that control made", async () => {
	assert.deepEqual(await codesOf(openMemoryStore()), []);
	await fc.assert(
		fc.asyncProperty(clusters, async (seed) => assert.deepEqual(await codesOf(await sampleCluster(seed)), [])),
		{ numRuns: 30 },
	);
});

/** Whether the lack of a record contradicts another one. What only tells of the past, or orders changes, may lack. */
function isMissed(key: string, value: string, all: ReadonlyMap<string, string>): boolean {
	if (/^(activity|fences|locks|tokens|alive)\//.test(key) || value.includes("releasedAt")) return false;
	if (!key.startsWith("hosts/")) return true;
	const id = key.slice("hosts/".length);
	return (
		all.has(keys.aliveHost(id)) || [...all].some(([one, text]) => one.startsWith("endpoints/") && text.includes(id))
	);
}

/** @returns Keys whose change a repair may follow from the loss of this one: those of the same thing, and of what is on a host. */
function kinOf(key: string, all: ReadonlyMap<string, string>): (other: string) => boolean {
	const value = all.get(key) ?? "";
	const [kind, id = "", endpointId = ""] = key.split("/");
	if (kind === "networks") {
		const { name, vni } = JSON.parse(value) as { name: string; vni: number };
		const own = [keys.networkName(name), keys.vni(vni)];
		return (other) => other.includes(id) || own.includes(other);
	}
	if (kind === "endpoints") {
		const { name, address } = JSON.parse(value) as { name: string; address: never };
		const own = [keys.endpointName(id, name), keys.address(id, address)];
		return (other) => other.includes(endpointId) || own.includes(other);
	}
	if (kind !== "hosts") return (other) => other === key;
	const on = [...all].filter(([one, text]) => one.startsWith("endpoints/") && text.includes(id)).map(([one]) => one);
	const own = on.map((one) => kinOf(one, all));
	return (other) => other === key || own.some((isKin) => isKin(other));
}

async function differing(store: Store, before: ReadonlyMap<string, string>): Promise<string[]> {
	const now = await picture(store);
	return [...new Set([...before.keys(), ...now.keys()])].filter((key) => before.get(key) !== now.get(key));
}

for (const [what, damage] of [
	["deleted", (key: string): Write => ({ delete: key })],
	["damaged", (key: string): Write => ({ put: key, value: '{"half' })],
] as const)
	test(`checkSnapshot() finds any single record that is ${what}, and repair() mends it and touches nothing else`, () =>
		fc.assert(
			fc.asyncProperty(clusters, fc.nat(), async (seed, nth) => {
				const store = await sampleCluster(seed);
				const before = await picture(store);
				const candidates = [...before].filter(
					([key, value]) =>
						(what === "damaged" && !/^(activity|locks|fences)\//.test(key)) || isMissed(key, value, before),
				);
				const [key] = candidates[nth % candidates.length] ?? assert.fail("nothing to damage");
				const found = await after([damage(key)], store);
				assert.notDeepEqual(found, [], `${key} is ${what}`);

				const { findings } = await repair(store, () => nowMs);
				const kin = kinOf(key, before);
				for (const changed of await differing(store, before)) assert.ok(kin(changed), `${key} is ${what}: ${changed}`);
				const left = findings.filter(({ outcome }) => outcome !== "mended");
				for (const { finding, outcome } of left) {
					assert.equal(outcome, "left");
					assert.ok(finding.fix, finding.message);
				}
				assert.deepEqual(
					await codesOf(store),
					left.map(({ finding }) => finding.code),
				);
				if (!/^(hosts|alive|networks)\//.test(key)) assert.deepEqual(left, [], `${key} is ${what}`);
			}),
			{ numRuns: 60 },
		));

test("repair() of several damages leaves nothing that can be mended", () =>
	fc.assert(
		fc.asyncProperty(clusters, fc.array(fc.nat(), { minLength: 2, maxLength: 12 }), async (seed, which) => {
			const store = await sampleCluster(seed);
			const all = [...(await picture(store))];
			for (const n of which) {
				const [[key] = [""], [, value] = ["", ""]] = [all[n % all.length], all[(n * 7 + 3) % all.length]];
				await store.txn([], [n % 3 === 0 ? { delete: key } : { put: key, value: n % 3 === 1 ? value : "{" }]);
			}
			await repair(store, () => nowMs);
			const { findings } = await check(store, nowMs);
			assert.deepEqual(
				findings.filter(({ finding }) => finding.mend !== undefined).map(({ finding }) => finding),
				[],
			);
		}),
		{ numRuns: 60 },
	));

/** The first endpoint of a cluster that has several in one network. */
async function crowd() {
	for (let seed = 1; ; seed++) {
		const store = await sampleCluster(seed);
		const endpoints = (await store.list(keys.allEndpoints)).entries;
		const [one] = endpoints;
		const two = endpoints.find(({ key }) => key !== one?.key && key.split("/")[1] === one?.key.split("/")[1]);
		if (one === undefined || two === undefined) continue;
		type Record = { id: string; networkId: string; address: never; name: string; hostId: string };
		return { store, one: JSON.parse(one.value) as Record, two: JSON.parse(two.value) as Record };
	}
}

test("repair() of two endpoints with one address lets the one stay that holds it", async () => {
	const { store, one, two } = await crowd();
	const twin = { put: keys.endpoint(two.networkId, two.id), value: JSON.stringify({ ...two, address: one.address }) };
	assert.deepEqual(await after([twin], store), ["ENDPOINT_ADDRESS_TWICE"]);
	await repair(store, () => nowMs);
	assert.deepEqual(await codesOf(store), []);
	assert.ok((await store.get(keys.endpoint(one.networkId, one.id))) !== undefined);
	assert.equal(await store.get(keys.endpoint(two.networkId, two.id)), undefined);
	assert.match((await store.get(keys.address(two.networkId, two.address)))?.value ?? "", /releasedAt/);
});

test("checkSnapshot() names two endpoints of one name, a foreign claim, and an address of another subnet", async () => {
	const { store, one, two } = await crowd();
	const put = (value: object): Write => ({ put: keys.endpoint(two.networkId, two.id), value: JSON.stringify(value) });
	assert.deepEqual(await after([put({ ...two, name: one.name.toUpperCase() })], store), ["ENDPOINT_NAME_TWICE"]);
	assert.deepEqual(await after([put({ ...two, address: "192.0.2.7" })], store), ["ENDPOINT_ADDRESS_INVALID"]);
	const foreign = { put: keys.address(one.networkId, one.address), value: JSON.stringify({ endpoint: two.id }) };
	assert.deepEqual(await after([put(two), foreign], store), ["ENDPOINT_CLAIM_MISSING"]);
});

test("checkSnapshot() takes out the endpoints of a host that is gone, and not those of one that lives", async () => {
	const { store, one } = await crowd();
	const gone = [{ delete: keys.host(one.hostId) }, { delete: keys.aliveHost(one.hostId) }];
	assert.ok((await after(gone, store)).every((code) => code === "ENDPOINT_HOST_GONE"));
	assert.deepEqual(await after([{ put: keys.aliveHost(one.hostId), value: "{}" }], store), ["HOST_RECORD_MISSING"]);
});

test("checkSnapshot() tells two networks with one name or VNI, which a person has to choose from", async () => {
	const { store } = await crowd();
	const [entry] = (await store.list(keys.networks)).entries;
	const id = "f".repeat(64);
	const twin = { put: keys.network(id), value: JSON.stringify({ ...JSON.parse(entry?.value ?? ""), id }) };
	assert.deepEqual(await after([twin], store), ["NETWORK_NAME_TWICE", "VNI_TWICE"]);
	const { findings } = await repair(store, () => nowMs);
	assert.deepEqual(
		findings.map(({ finding, outcome }) => [finding.fix, outcome]),
		[
			[`weft network rm ${id}`, "left"],
			[`weft network rm ${id}`, "left"],
		],
	);
});

test("checkSnapshot() finds what is left of a network and of a host that are gone", async () => {
	const { store } = await crowd();
	const [network] = (await store.list(keys.networks)).entries;
	const id = "f".repeat(64);
	const remains: Write[] = [
		{ put: keys.networkActivity(id), value: "x" },
		{ put: keys.fence(network?.key.split("/")[1] ?? "", "9".repeat(32)), value: "" },
		{ put: `${keys.tokens}/ab`, value: "" },
		{ put: keys.moving, value: "{}" },
	];
	assert.deepEqual(await after(remains, store), ["FENCE_LEFT", "NETWORK_REMAINS", "RECORD_UNREADABLE", "STORE_FROZEN"]);
	await repair(store, () => nowMs);
	assert.deepEqual(await codesOf(store), ["STORE_FROZEN"]);
});

test("repair() does not touch what somebody else changes meanwhile, and says so", async () => {
	const { store, one } = await crowd();
	const key = keys.address(one.networkId, one.address);
	await store.txn([], [{ delete: key }]);
	const contended = {
		list: (prefix: string) => store.list(prefix),
		async txn(...args: Parameters<Store["txn"]>) {
			await store.txn([], [{ put: key, value: JSON.stringify({ releasedAt: 1 }) }]);
			return store.txn(...args);
		},
	};
	const { findings } = await repair(contended, () => nowMs);
	assert.ok(findings.every(({ outcome }) => outcome === "changed"));
	assert.equal((await store.get(key))?.value, '{"releasedAt":1}');
});
