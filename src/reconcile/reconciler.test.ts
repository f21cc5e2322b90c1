import assert from "node:assert/strict";
import { test } from "node:test";
import { bootHost, request, settle, until } from "../../test/booted-host.ts";
import { createNetwork } from "../control/create-network.ts";
import { joinEndpoint } from "../control/join-endpoint.ts";
import { addSandbox } from "../control/sandbox.ts";
import { openFakeKernel } from "../kernel/fake.ts";
import type { ObserveScope } from "../kernel/kernel.ts";
import type { Ipv4, Mac } from "../model/address.ts";
import { WeftError } from "../model/error.ts";
import type { Resource } from "../model/kernel-state.ts";
import { overlayNetns } from "../model/network.ts";
import { openMemoryStore } from "../store/sqlite.ts";

test("two hosts hold one network, and let go of it", async () => {
	const store = openMemoryStore();
	const [host1, host2] = [await bootHost(1, store), await bootHost(2, store)];
	const { id } = await createNetwork(host1.control, request);
	const ns = overlayNetns(id);
	const bbox1 = await host1.run("bbox1", "ov_net1");
	assert.ok(host1.kernel.listNetns().includes(ns));
	assert.ok(!host2.kernel.listNetns().includes(ns));
	const bbox2 = await host2.run("bbox2", "ov_net1");
	await settle();
	await host1.reconciler.loop.settled();
	assert.match(host1.kernel.dump(), /fdb replace 02:42:0a:00:00:03 dev vxlan1 dst 192\.168\.56\.102 self permanent/);
	assert.match(host2.kernel.dump(), /fdb replace 02:42:0a:00:00:02 dev vxlan1 dst 192\.168\.56\.101 self permanent/);

	await host2.remove(bbox2.id, "ov_net1");
	await settle();
	await host1.reconciler.loop.settled();
	assert.doesNotMatch(host1.kernel.dump(), /192\.168\.56\.102 self/);
	assert.deepEqual(host2.kernel.listNetns(), []);
	await host1.remove(bbox1.id, "ov_net1");
	assert.deepEqual(host1.kernel.listNetns(), []);
	assert.equal(host1.kernel.dump(), 'sysctl -w net.ipv4.ip_forward="1"', "a setting of the host stays");
	await Promise.all([host1.close(), host2.close()]);
});

test("a restarted agent adopts what it finds, mends what differs and removes what nobody wants", async () => {
	const store = openMemoryStore();
	const host1 = await bootHost(1, store);
	const { id } = await createNetwork(host1.control, request);
	const bbox1 = await host1.run("bbox1", "ov_net1");
	const before = host1.kernel.dump();
	await host1.close();

	const ns = overlayNetns(id);
	host1.kernel.apply([{ verb: "add", resource: { kind: "netns", name: "1-fffffffff0" } }]);
	host1.kernel.apply([
		{ verb: "del", resource: { kind: "addr", ns: bbox1.netns, dev: "eth0", address: "10.0.0.2/24" as never } },
	]);
	host1.kernel.apply([
		{ verb: "del", resource: { kind: "nft-table", ns, family: "bridge", name: "weft", sets: [], chains: [] } },
	]);
	const again = await bootHost(1, store, host1);
	assert.equal(host1.kernel.dump(), before);
	await again.close();
});

test("drift is mended as soon as the kernel tells of it", async () => {
	const store = openMemoryStore();
	const host1 = await bootHost(1, store);
	const { id } = await createNetwork(host1.control, request);
	await host1.run("bbox1", "ov_net1");
	const before = host1.kernel.dump();
	const ns = overlayNetns(id);
	for (const line of ["vxlan1", "veth0", "br0"]) {
		host1.kernel.foreign({
			verb: "del",
			resource: {
				kind: "link",
				ns,
				name: line,
				type: "bridge",
				up: true,
				mtuBytes: 1450,
				alias: "",
				mac: "02:00:00:00:00:01" as never,
			},
		});
		assert.notEqual(host1.kernel.dump(), before);
		await until(() => host1.kernel.dump() === before);
		assert.equal(host1.kernel.dump(), before, line);
	}
	host1.kernel.foreign({ verb: "del", resource: { kind: "netns", name: ns } });
	await until(() => host1.kernel.dump() === before);
	assert.equal(host1.kernel.dump(), before);
	await host1.close();
});

test("failures are told by their cause, and forgotten once nothing wants what was refused", async () => {
	const store = openMemoryStore();
	const host1 = await bootHost(1, store);
	const { loop } = host1.reconciler;
	await createNetwork(host1.control, request);
	const id = host1.control.randomId();
	// The process that the namespace was of has ended.
	await addSandbox(host1.local, { id, name: "late", netns: "/proc/4711/ns/net", owned: false, attachments: [] });
	await joinEndpoint(host1.control, { sandboxId: id, network: "ov_net1", name: "late", aliases: [] });
	await settle();
	await loop.settled();
	const causes = loop.failures.causes();
	assert.ok(causes.length > 0);
	assert.ok(causes.every(({ since }) => Math.abs(Date.now() - since) < 5_000));
	assert.deepEqual(
		causes.filter(({ resource }) => resource?.kind === "fdb"),
		[],
		"an entry of a link that could not be made",
	);
	await host1.remove(id, "ov_net1");
	assert.deepEqual(loop.failures.causes(), []);
	await host1.close();
});

test("a table that gets other rules keeps its elements", async () => {
	const store = openMemoryStore();
	const [host1, host2] = [await bootHost(1, store), await bootHost(2, store)];
	await createNetwork(host1.control, request);
	await host1.run("inside", "ov_net1");
	await host1.run("outgoing", "ov_net1", { gateway: { address: "172.18.0.2" as Ipv4, ifname: "eth1" } });
	assert.match(host1.kernel.dump(), /masquerade/);
	for (const n of [1, 2]) assert.match(host1.kernel.dump(), new RegExp(`vteps { 192.168.56.10${n} }`));
	await Promise.all([host1.close(), host2.close()]);
});

test("what drift made necessary is counted and told, and what was wanted is not", async () => {
	const store = openMemoryStore();
	const [host1, host2] = [await bootHost(1, store), await bootHost(2, store)];
	const { id } = await createNetwork(host1.control, request);
	const ns = overlayNetns(id);
	const bbox1 = await host1.run("bbox1", "ov_net1");
	const bbox2 = await host2.run("bbox2", "ov_net1");
	await settle();
	await host2.remove(bbox2.id, "ov_net1");
	const bbox3 = await host2.run("bbox3", "ov_net1");
	await settle();
	host1.reconciler.loop.audit();
	await host1.reconciler.loop.settled();
	assert.deepEqual(host1.mended, []);

	const mac = "02:42:0a:00:00:04" as Mac;
	const address = "10.0.0.4" as Ipv4;
	assert.equal(bbox3.endpoint.mac, mac);
	host1.kernel.foreign({ verb: "del", resource: { kind: "neigh", ns, dev: "vxlan1", address, mac } });
	await settle();
	assert.deepEqual(host1.mended, [`ip -n ${ns} neigh replace ${address} lladdr ${mac} dev vxlan1 nud permanent`]);
	assert.equal(host1.reconciler.loop.mended, 1);

	host1.mended.length = 0;
	const stranger: Resource = {
		kind: "fdb",
		ns,
		dev: "vxlan1",
		mac: "02:00:00:00:00:09" as Mac,
		dst: "1.1.1.1" as Ipv4,
	};
	host1.kernel.foreign({ verb: "replace", resource: stranger });
	host1.kernel.foreign({ verb: "replace", resource: { kind: "sysctl", ns, key: "net.ipv4.ip_forward", value: "1" } });
	host1.reconciler.loop.audit();
	await host1.reconciler.loop.settled();
	assert.deepEqual(host1.mended, [
		`bridge -n ${ns} fdb del 02:00:00:00:00:09 dev vxlan1 dst 1.1.1.1 self permanent`,
		`ip netns exec ${ns} sysctl -w net.ipv4.ip_forward="0"`,
	]);
	assert.equal(host1.reconciler.loop.mended, 3);

	await host1.remove(bbox1.id, "ov_net1");
	await settle();
	assert.equal(host1.reconciler.loop.mended, 3);
	await Promise.all([host1.close(), host2.close()]);
});

test("a kernel that cannot be looked at for a while is looked at again, and who waits is told why", async () => {
	const fake = openFakeKernel();
	let full = false;
	const refuse = () => {
		if (full) throw new WeftError("KERNEL_LIMIT", "Cannot look at the kernel: no descriptor is free");
	};
	const kernel = {
		...fake,
		observe: (scopes: readonly ObserveScope[]) => (refuse(), fake.observe(scopes)),
		listNetns: () => (refuse(), fake.listNetns()),
	};
	const store = openMemoryStore();
	const host = await bootHost(1, store, { kernel });
	const { id } = await createNetwork(host.control, request);
	await host.run("bbox1", "ov_net1");
	const before = fake.dump();
	full = true;
	fake.foreign({ verb: "del", resource: { kind: "netns", name: overlayNetns(id) } });
	const { loop } = host.reconciler;
	loop.audit();
	await assert.rejects(loop.applied(id, 5_000), { code: "KERNEL_LIMIT" });
	assert.deepEqual(
		loop.failures.causes().map(({ error }) => error.code),
		["KERNEL_LIMIT"],
	);
	full = false;
	await until(() => fake.dump() === before);
	assert.equal(fake.dump(), before);
	assert.deepEqual(loop.failures.causes(), []);
	await host.close();
});

test("what an agent finds at its start is no drift", async () => {
	const store = openMemoryStore();
	const host1 = await bootHost(1, store);
	await createNetwork(host1.control, request);
	await host1.run("bbox1", "ov_net1");
	await host1.close();
	host1.kernel.apply([{ verb: "add", resource: { kind: "netns", name: "1-fffffffff0" } }]);
	const again = await bootHost(1, store, host1);
	assert.deepEqual(again.mended, []);
	await again.close();
});
