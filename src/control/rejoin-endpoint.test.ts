import assert from "node:assert/strict";
import { test } from "node:test";
import { die, member, request, revive, sandbox, type TestHost } from "../../test/control-host.ts";
import { listSandboxes } from "../../test/list-sandboxes.ts";
import { vniRestMs } from "../ipam/vni.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import { type AddressClaim, keys } from "../model/keys.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { decode } from "./context.ts";
import { createNetwork } from "./create-network.ts";
import { joinEndpoint } from "./join-endpoint.ts";
import { leaveNetwork } from "./leave-endpoint.ts";
import { reclaimHost } from "./reclaim-host.ts";
import { rejoinEndpoint } from "./rejoin-endpoint.ts";
import { releaseEndpoint } from "./release-endpoint.ts";
import { releaseUnowned } from "./release-unowned.ts";
import { removeNetwork } from "./remove-network.ts";
import { restoreNetwork } from "./restore-network.ts";

async function join(one: TestHost, name: string, ip?: string): Promise<Endpoint> {
	const sandboxId = await sandbox(one, name);
	const asked = ip === undefined ? {} : { ip };
	return (await joinEndpoint(one, { sandboxId, network: "blue", name, aliases: [name.slice(0, 1)], ...asked }))
		.endpoint;
}

/** A container of host2 whose host was taken for dead, and is back. */
async function returned(subnet = "10.0.0.0/24") {
	const store = openMemoryStore();
	const [one, two] = [await member(1, store), await member(2, store)];
	const network = await createNetwork(one, request("blue", { subnet }));
	const web = await join(two, "web");
	await die(two);
	await reclaimHost(one, two.self.id);
	return { store, one, two, network, web };
}

async function endpointsOf(store: Store): Promise<Endpoint[]> {
	return (await store.list(keys.allEndpoints)).entries.map((entry) => decode<Endpoint>(entry));
}

test("rejoinEndpoint() brings back the same endpoint with its address, also while that rests", async () => {
	const { store, two, network, web } = await returned();
	await revive(two);
	assert.deepEqual(await rejoinEndpoint(two, network, web), web);
	assert.deepEqual(await endpointsOf(store), [web]);
	const claim = await store.get(keys.address(network.id, web.address));
	assert.deepEqual(claim && decode<AddressClaim>(claim), { endpoint: web.id });
	assert.deepEqual(await rejoinEndpoint(two, network, web), web, "one that is there is left as it is");
});

test("rejoinEndpoint() gives another address when that one is somebody's by now", async () => {
	const { one, two, network, web } = await returned();
	const taker = await join(one, "db", web.address);
	await revive(two);
	const back = await rejoinEndpoint(two, network, web);
	assert.deepEqual(back, { ...web, address: "10.0.0.3", mac: "02:42:0a:00:00:03" });
	assert.notEqual(back.address, taker.address);
});

test("rejoinEndpoint() refuses when its name is somebody's, its network is gone, or all addresses are taken", async () => {
	const { one, two, network, web } = await returned("10.0.0.0/30");
	await revive(two);
	const taker = await join(one, "WEB");
	await assert.rejects(rejoinEndpoint(two, network, web), { code: "NAME_IN_USE" });
	await releaseEndpoint(one, network.id, taker.id);
	const other = await join(one, "db");
	assert.equal(other.address, web.address, "the only one that there is");
	await assert.rejects(rejoinEndpoint(two, network, web), { code: "POOL_EXHAUSTED" });
	await releaseEndpoint(one, network.id, other.id);
	await removeNetwork(one, "blue");
	await assert.rejects(rejoinEndpoint(two, network, web), { code: "NETWORK_NOT_FOUND" });
});

test("leaveNetwork() keeps out what was on its way back", async () => {
	const { store, two, network, web } = await returned();
	await revive(two);
	let carryOut = async (): Promise<number | undefined> => assert.fail("no transaction came");
	const late: Store = {
		...store,
		get: (key) => store.get(key),
		list: (prefix) => store.list(prefix),
		async txn(...change) {
			carryOut = () => store.txn(...change);
			throw new WeftError("TIMEOUT", "Cannot write");
		},
	};
	await assert.rejects(rejoinEndpoint({ ...two, store: late }, network, web), { code: "TIMEOUT" });
	const [noted] = await listSandboxes(two.local);
	assert.ok(noted);
	await leaveNetwork(two, noted, "blue");
	assert.equal(await carryOut(), undefined);
	assert.deepEqual(await endpointsOf(store), []);
});

test("restoreNetwork() puts back what the store lost, and not what somebody removed", async () => {
	const store = openMemoryStore();
	const one = await member(1, store);
	await removeNetwork(one, (await createNetwork(one, request("first"))).id);
	one.clock.ms += vniRestMs;
	const blue = await createNetwork(one, request("blue"));
	assert.equal(blue.vni, 256, "it has the VNI of one that was removed before");
	assert.equal(await restoreNetwork(one, blue), "there");
	const lost = openMemoryStore();
	const other = await member(1, lost);
	assert.equal(await restoreNetwork(other, blue), "restored");
	assert.deepEqual((await store.get(keys.network(blue.id)))?.value, (await lost.get(keys.network(blue.id)))?.value);
	await assert.rejects(createNetwork(other, request("blue")), { code: "NETWORK_EXISTS" });

	await removeNetwork(one, "blue");
	assert.equal(await restoreNetwork(one, blue), "gone");
	one.clock.ms += vniRestMs;
	const next = await createNetwork(one, request("next"));
	assert.equal(next.vni, blue.vni);
	assert.equal(await restoreNetwork(one, blue), "gone");
	await removeNetwork(one, "next");
	assert.equal(await restoreNetwork(one, blue), "gone", "the note is of the next one");
});

test("restoreNetwork() leaves a name to whoever has it by now", async () => {
	const [before, after] = [openMemoryStore(), openMemoryStore()];
	const blue = await createNetwork(await member(1, before), request("blue"));
	const two = await member(2, after);
	await createNetwork(two, request("red"));
	const twin = await createNetwork(two, request("blue"));
	assert.notEqual(twin.vni, blue.vni);
	assert.equal(await restoreNetwork(two, blue), "gone");
});

test("releaseUnowned() takes out what no sandbox of this host has, and nothing of others", async () => {
	const store = openMemoryStore();
	const [one, two] = [await member(1, store), await member(2, store)];
	await createNetwork(one, request("blue"));
	const [web, other] = [await join(one, "web"), await join(two, "other")];
	// As a backup has it: of a sandbox that is gone since.
	const ghost = await join({ ...one, local: openMemoryStore() }, "ghost");
	assert.deepEqual(await releaseUnowned(one), [ghost]);
	assert.deepEqual((await endpointsOf(store)).map(({ name }) => name).sort(), [other.name, web.name]);
	assert.deepEqual(await releaseUnowned(one), []);
});
