import assert from "node:assert/strict";
import { test } from "node:test";
import { host, request, sandbox } from "../../test/control-host.ts";
import { listSandboxes } from "../../test/list-sandboxes.ts";
import { sampleHost } from "../../test/samples.ts";
import { vniRestMs } from "../ipam/vni.ts";
import { ipv4 } from "../model/address.ts";
import { WeftError } from "../model/error.ts";
import { keys, localKeys } from "../model/keys.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import type { ControlContext } from "./context.ts";
import { createNetwork } from "./create-network.ts";
import { findNetwork } from "./find-network.ts";
import { joinEndpoint } from "./join-endpoint.ts";
import { leaveNetwork } from "./leave-endpoint.ts";
import { removeNetwork } from "./remove-network.ts";
import { takeBackWithdrawn } from "./withdraw.ts";

test("createNetwork() hands out VNIs from 256 and subnets from 10.0.0.0/24", async () => {
	const context = host(1);
	const [one, two] = [
		await createNetwork(context, request("ov_net1")),
		await createNetwork(context, request("ov_net2")),
	];
	assert.deepEqual([one.vni, one.subnet, one.gateway], [256, "10.0.0.0/24", "10.0.0.1"]);
	assert.deepEqual([two.vni, two.subnet], [257, "10.0.1.0/24"]);
});

test("createNetwork() does not give the VNI of a network that was just removed", async () => {
	const context = host(1);
	await createNetwork(context, request("old"));
	await removeNetwork(context, "old");
	assert.equal((await createNetwork(context, request("new"))).vni, 257);
	context.clock.ms += vniRestMs;
	assert.equal((await createNetwork(context, request("newer"))).vni, 256);
});

test("createNetwork() on many hosts at once gives each network its own VNI and subnet", async () => {
	const store = openMemoryStore();
	const made = await Promise.all(
		Array.from({ length: 12 }, (_, n) => createNetwork(host((n % 3) + 1, store), request(`net${n}`))),
	);
	assert.equal(new Set(made.map(({ vni }) => vni)).size, 12);
	assert.equal(new Set(made.map(({ subnet }) => subnet)).size, 12);
});

test("createNetwork() refuses a name that is in use, and leaves nothing behind", async () => {
	const context = host(1);
	await createNetwork(context, request("blue"));
	const before = await context.store.list("");
	await assert.rejects(createNetwork(context, request("blue")), { code: "NETWORK_EXISTS" });
	assert.deepEqual(await context.store.list(""), before);
});

test("findNetwork() takes a name, an id, and the unique head of an id", async () => {
	const context = host(1);
	const { id } = await createNetwork(context, request("blue"));
	for (const ref of ["blue", id, id.slice(0, 12)]) assert.equal((await findNetwork(context.store, ref)).network.id, id);
	await assert.rejects(findNetwork(context.store, "red"), {
		code: "NETWORK_NOT_FOUND",
		message: /has that name or id$/,
	});
	await assert.rejects(findNetwork(context.store, "bleu"), { message: /, did you mean "blue"\?$/ });
	await assert.rejects(findNetwork(context.store, "../blue"), { code: "NETWORK_NOT_FOUND" });
});

test("joinEndpoint() gives the lowest address, whichever host asks", async () => {
	const store = openMemoryStore();
	const [one, two] = [host(1, store), host(2, store)];
	await createNetwork(one, request("blue"));
	const join = async (context: ControlContext, name: string) => {
		const joined = await joinEndpoint(context, {
			sandboxId: await sandbox(context, name),
			network: "blue",
			name,
			aliases: [],
		});
		return joined.endpoint;
	};
	const [a, b] = [await join(one, "bbox1"), await join(two, "bbox2")];
	assert.deepEqual(
		[a.address, a.mac, b.address, b.mac],
		["10.0.0.2", "02:42:0a:00:00:02", "10.0.0.3", "02:42:0a:00:00:03"],
	);
});

test("joinEndpoint() of twenty at once gives twenty addresses", async () => {
	const context = host(1);
	await createNetwork(context, request("blue"));
	const joined = await Promise.all(
		Array.from({ length: 20 }, async (_, n) =>
			joinEndpoint(context, {
				sandboxId: await sandbox(context, `c${n}`),
				network: "blue",
				name: `c${n}`,
				aliases: [],
			}),
		),
	);
	assert.equal(new Set(joined.map(({ endpoint }) => endpoint.address)).size, 20);
});

test("joinEndpoint() that is refused leaves neither an endpoint nor a note", async () => {
	const context = host(1);
	await createNetwork(context, request("blue"));
	const first = await sandbox(context, "web");
	await joinEndpoint(context, { sandboxId: first, network: "blue", name: "web", aliases: [] });
	const second = await sandbox(context, "web2");
	const before = await context.store.list("");
	for (const [name, ip, code] of [
		["WEB", undefined, "NAME_IN_USE"],
		["web2", "10.0.0.2", "ADDRESS_IN_USE"],
		["web2", "10.9.0.2", "ADDRESS_OUTSIDE_SUBNET"],
	] as const) {
		const ask = { sandboxId: second, network: "blue", name, aliases: [], ...(ip === undefined ? {} : { ip }) };
		await assert.rejects(joinEndpoint(context, ask), { code });
	}
	assert.deepEqual(await context.store.list(""), before);
	const note = await context.local.get(localKeys.sandbox(second));
	assert.deepEqual(JSON.parse(note?.value ?? "").attachments, []);
	await assert.rejects(joinEndpoint(context, { sandboxId: first, network: "blue", name: "web", aliases: [] }), {
		code: "ENDPOINT_EXISTS",
	});
});

/** A store that answers no transaction in time, and carries it out when it likes. */
function lateStore(store: Store): { store: Store; carryOut(): Promise<number | undefined> } {
	let carryOut = async (): Promise<number | undefined> => assert.fail("no transaction came");
	const late: Store = {
		get: (key) => store.get(key),
		list: (prefix) => store.list(prefix),
		watch: (...from) => store.watch(...from),
		lease: (ttlSeconds) => store.lease(ttlSeconds),
		health: store.health,
		close: () => store.close(),
		async txn(...change) {
			carryOut = () => store.txn(...change);
			throw new WeftError("TIMEOUT", "Cannot write");
		},
	};
	return { store: late, carryOut: () => carryOut() };
}

for (const when of ["before", "after"])
	test(`joinEndpoint() whose answer was lost leaves nothing: carried out ${when} it is taken back`, async () => {
		const context = host(1);
		await createNetwork(context, request("blue"));
		const { store, carryOut } = lateStore(context.store);
		const join = { sandboxId: await sandbox(context, "web"), network: "blue", name: "web", aliases: [] };
		await assert.rejects(joinEndpoint({ ...context, store }, join), { code: "TIMEOUT" });
		const [noted] = await listSandboxes(context.local);
		assert.deepEqual([noted?.attachments.length, noted?.withdrawn?.length], [0, 1]);
		assert.ok(noted);
		if (when === "before") assert.ok(await carryOut());
		await takeBackWithdrawn(context, noted);
		if (when === "after") assert.equal(await carryOut(), undefined, "it came late, and was let in");
		assert.equal((await context.store.list(keys.allEndpoints)).entries.length, 0);
		assert.equal((await listSandboxes(context.local))[0]?.withdrawn, undefined);
		await joinEndpoint(context, join);
	});

test("createNetwork() and joinEndpoint() refuse an MTU that an underlay does not carry", async () => {
	const context = host(1);
	await context.store.txn([], [{ put: keys.host("1"), value: JSON.stringify(sampleHost(1)) }]);
	await assert.rejects(createNetwork(context, { ...request("blue"), mtuBytes: 1451 }), {
		code: "MTU_TOO_SMALL",
		message:
			'Cannot create network "blue": its MTU of 1451 and VXLAN\'s 50 bytes need 1501, the underlay of host1 carries 1500',
	});
	await createNetwork(context, { ...request("blue"), mtuBytes: 1450 });
	const small = { ...context, self: { ...sampleHost(2), underlayMtuBytes: 1400 } };
	const join = { sandboxId: await sandbox(context, "web"), network: "blue", name: "web", aliases: [] };
	await assert.rejects(joinEndpoint(small, join), { code: "MTU_TOO_SMALL", fix: /an MTU of 1350 for the network/ });
	await joinEndpoint(context, join);
});

test("joinEndpoint() puts no container into two networks with the same addresses", async () => {
	const context = host(1);
	await createNetwork(context, request("blue", { subnet: "10.9.0.0/24" }));
	await createNetwork(context, request("wide", { subnet: "10.8.0.0/15" }));
	const join = { sandboxId: await sandbox(context, "web"), name: "web", aliases: [] };
	await joinEndpoint(context, { ...join, network: "blue" });
	const before = await context.local.list("");
	await assert.rejects(joinEndpoint(context, { ...join, network: "wide" }), {
		code: "SUBNET_OVERLAPS",
		message: /10\.8\.0\.0\/15 overlaps 10\.9\.0\.0\/24 of "blue", which "web" is in$/,
	});
	assert.deepEqual(await context.local.list(""), before);
});

test("joinEndpoint() gives an interface no name that another program's has", async () => {
	const context = host(1);
	await createNetwork(context, request("blue"));
	const sandboxId = await sandbox(context, "web");
	await joinEndpoint(context, {
		sandboxId,
		network: "blue",
		name: "web",
		aliases: [],
		otherLinks: ["lo", "eth0", "eth2"],
	});
	assert.deepEqual(
		(await listSandboxes(context.local))[0]?.attachments.map(({ ifname }) => ifname),
		["eth1"],
	);
});

test("a sandbox has a way out for as long as one of its networks has one", async () => {
	const context = host(1);
	for (const name of ["blue", "red"]) await createNetwork(context, request(name));
	await createNetwork(context, { ...request("inner"), internal: true });
	const [sandboxId, other] = [await sandbox(context, "web"), await sandbox(context, "db")];
	const note = async () => (await listSandboxes(context.local)).find(({ id }) => id === sandboxId) ?? assert.fail();
	const join = (network: string) => joinEndpoint(context, { sandboxId, network, name: "web", aliases: [] });
	const leave = async (network: string) => leaveNetwork(context, await note(), network);
	const gateway = async () => (await note()).gateway;

	await join("inner");
	assert.equal(await gateway(), undefined);
	await joinEndpoint(context, { sandboxId: other, network: "blue", name: "db", aliases: [] });
	await join("blue");
	assert.deepEqual(await gateway(), { address: "172.18.0.3", ifname: "eth2" });
	await join("red");
	await leave("blue");
	assert.deepEqual(await gateway(), { address: "172.18.0.3", ifname: "eth2" });
	await leave("red");
	assert.equal(await gateway(), undefined);
	await leave("inner");
});

test("leaveNetwork() lets the address rest, and frees the name", async () => {
	const context = host(1);
	await createNetwork(context, request("blue"));
	const join = async (name: string) => {
		const sandboxId = await sandbox(context, name);
		return joinEndpoint(context, { sandboxId, network: "blue", name, aliases: [] });
	};
	const { endpoint } = await join("web");
	const [only] = await listSandboxes(context.local);
	assert.ok(only);
	await leaveNetwork(context, only, "blue");
	assert.equal((await context.store.list(keys.allEndpoints)).entries.length, 0);
	assert.equal((await join("web")).endpoint.address, "10.0.0.3");
	context.clock.ms += 61_000;
	assert.equal((await join("web2")).endpoint.address, endpoint.address);
});

test("removeNetwork() refuses while a container is connected, and then leaves nothing but the rest of its VNI", async () => {
	const context = host(1);
	await createNetwork(context, request("blue"));
	const sandboxId = await sandbox(context, "web");
	await joinEndpoint(context, { sandboxId, network: "blue", name: "web", aliases: [] });
	await assert.rejects(removeNetwork(context, "blue"), { code: "NETWORK_HAS_ENDPOINTS" });
	const [only] = await listSandboxes(context.local);
	assert.ok(only);
	await leaveNetwork(context, only, "blue");
	await removeNetwork(context, "blue");
	const left = (await context.store.list("")).entries.map(({ key }) => key);
	assert.deepEqual(left, [keys.networksLock, keys.vni(256)]);
});

test("records that cannot be read keep nobody from making networks and joining them", async () => {
	const context = host(1);
	const garbage = ["networks/x", "hosts/x", "vnis/256", "vnis/x", "tokens/x"];
	await context.store.txn(
		[],
		garbage.map((put, n) => ({ put, value: ["", "null", "{}", "[", '{"releasedAt":"x"}'][n] ?? "" })),
	);
	const network = await createNetwork(context, request("blue"));
	await context.store.txn([], [{ put: keys.address(network.id, ipv4("10.0.0.2")), value: "{" }]);
	const { endpoint } = await joinEndpoint(context, {
		sandboxId: await sandbox(context, "a"),
		network: "blue",
		name: "a",
		aliases: [],
	});
	assert.equal(endpoint.address, "10.0.0.3");
	assert.equal((await findNetwork(context.store, "blue")).network.id, network.id);
});
