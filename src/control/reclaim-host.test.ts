import assert from "node:assert/strict";
import { test } from "node:test";
import { die, host, member, request, revive, sandbox, type TestHost } from "../../test/control-host.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { type AddressClaim, keys } from "../model/keys.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { decode } from "./context.ts";
import { createNetwork } from "./create-network.ts";
import { forgetHost } from "./forget-host.ts";
import { joinEndpoint } from "./join-endpoint.ts";
import { reclaimHost } from "./reclaim-host.ts";
import { removeNetwork } from "./remove-network.ts";

async function join(one: TestHost, name: string, network = "blue"): Promise<Endpoint> {
	const sandboxId = await sandbox(one, name);
	return (await joinEndpoint(one, { sandboxId, network, name, aliases: [] })).endpoint;
}

async function namesIn(store: Store): Promise<string[]> {
	const { entries } = await store.list(keys.allEndpoints);
	return entries.map((entry) => decode<Endpoint>(entry).name).sort();
}

async function cluster() {
	const store = openMemoryStore();
	const [one, two] = [await member(1, store), await member(2, store)];
	const { id } = await createNetwork(one, request("blue"));
	return { store, one, two, id };
}

test("reclaimHost() takes all endpoints of a dead host, and no others", async () => {
	const { store, one, two, id } = await cluster();
	const theirs: Endpoint[] = [];
	for (let n = 0; n < 19; n++) theirs.push(await join(two, `dead${n}`));
	await join(one, "alive");
	await die(two);
	const reclaimed = await reclaimHost(one, two.self.id);
	assert.deepEqual(reclaimed?.map(({ name }) => name).sort(), theirs.map(({ name }) => name).sort());
	assert.deepEqual(await namesIn(store), ["alive"]);
	assert.deepEqual(
		(await store.list(keys.endpointNames(id))).entries.map(({ key }) => key),
		[keys.endpointName(id, "alive")],
	);
	for (const { address } of theirs) {
		const claim = await store.get(keys.address(id, address));
		assert.ok(claim);
		assert.deepEqual(decode<AddressClaim>(claim), { releasedAt: one.clock.ms, reclaimedFrom: two.self.id });
	}
	const gone = await store.get(keys.goneHost(two.self.id));
	assert.deepEqual(JSON.parse(gone?.value ?? ""), { at: "1970-01-01T00:16:40.000Z", by: one.self.id });
	assert.deepEqual(await reclaimHost(one, two.self.id), []);
});

test("reclaimHost() takes nothing from a host that lives", async () => {
	const { store, one, two } = await cluster();
	await join(two, "web");
	assert.equal(await reclaimHost(one, two.self.id), undefined);
	assert.deepEqual(await namesIn(store), ["web"]);
	assert.equal(await store.get(keys.goneHost(two.self.id)), undefined);
});

test("reclaimHost() stops when the host comes back in the middle of it", async () => {
	const { store, one, two } = await cluster();
	for (let n = 0; n < 20; n++) await join(two, `web${n}`);
	await die(two);
	let transactions = 0;
	const late: Store = {
		...store,
		get: (key) => store.get(key),
		list: (prefix) => store.list(prefix),
		async txn(...change) {
			if (++transactions === 2) await revive(two);
			return store.txn(...change);
		},
	};
	assert.equal(await reclaimHost({ ...one, store: late }, two.self.id), undefined);
	assert.equal((await namesIn(store)).length, 12);
});

test("reclaimHost() of two hosts at once takes everything once", async () => {
	const { store, one, two } = await cluster();
	const three = await member(3, store);
	for (let n = 0; n < 30; n++) await join(two, `web${n}`);
	await die(two);
	const both = await Promise.all([reclaimHost(one, two.self.id), reclaimHost(three, two.self.id)]);
	assert.deepEqual(
		both.map((some) => some?.length ?? 0).reduce((a, b) => a + b),
		30,
	);
	assert.deepEqual(await namesIn(store), []);
});

test("joinEndpoint() that was on its way while its host was taken for dead is not let in", async () => {
	const { store, one, two } = await cluster();
	let carryOut = async (): Promise<number | undefined> => assert.fail("no transaction came");
	const cut: Store = {
		...store,
		get: (key) => store.get(key),
		list: (prefix) => store.list(prefix),
		async txn(...change) {
			carryOut = () => store.txn(...change);
			throw new Error("the way to the store is cut");
		},
	};
	await assert.rejects(join({ ...two, store: cut }, "late"), /is cut/);
	await die(two);
	assert.deepEqual(await reclaimHost(one, two.self.id), []);
	assert.equal(await carryOut(), undefined);
	await revive(two);
	assert.equal(await carryOut(), undefined, "it came in the host's next life");
	await join(two, "late");
});

test("forgetHost() refuses one that lives, and leaves nothing of one that is dead", async () => {
	const { store, one, two } = await cluster();
	await join(two, "web");
	await assert.rejects(forgetHost(one, two.self), { code: "HOST_ALIVE", message: /"host2": it is alive$/ });
	await die(two);
	assert.equal(await forgetHost(one, two.self), 1);
	const { entries } = await store.list("");
	assert.deepEqual(
		entries.filter(({ key }) => key.includes(two.self.id) && !key.startsWith("ipam/")),
		[],
	);
});

test("removeNetwork() takes the endpoints of dead hosts along, and refuses for those of others", async () => {
	const { store, one, two, id } = await cluster();
	await join(two, "web");
	const mine = await join(one, "db");
	await die(two);
	await assert.rejects(removeNetwork(one, "blue"), { code: "NETWORK_HAS_ENDPOINTS", message: /2 containers/ });
	const isDead = (host: string) => host === two.self.id;
	await assert.rejects(removeNetwork(one, "blue", isDead), { message: /1 container is connected \(db\)$/ });
	await revive(two);
	await assert.rejects(
		removeNetwork(one, "blue", () => true),
		{ message: /2 containers/ },
		"it is back just now",
	);
	await die(two);
	await die(one);
	await removeNetwork(host(3, store), "blue", () => true);
	const left = (await store.list("")).entries.map(({ key }) => key).filter((key) => key.includes(id));
	assert.deepEqual([left, await namesIn(store)], [[], []], `of ${mine.id}`);
});
