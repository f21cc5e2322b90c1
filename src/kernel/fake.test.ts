import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type Ipv4, ipv4, ipv4FromNumber, macOf } from "../model/address.ts";
import type { KernelOp } from "../model/kernel-op.ts";
import { hostNetns, type Link, type PortFlags, type Resource } from "../model/kernel-state.ts";
import type { Cidr } from "../model/prefix.ts";
import { prefix } from "../model/prefix.ts";
import { openFakeKernel } from "./fake.ts";
import type { KernelEvent } from "./kernel.ts";

const ns = "1-0123456789";
const sandbox = "/proc/4711/ns/net";
const address = ipv4("10.0.0.2");
const port: PortFlags = {
	locked: true,
	learning: false,
	flood: false,
	mcastFlood: true,
	bcastFlood: true,
	isolated: false,
};
const base = { kind: "link", ns, up: true, mtuBytes: 1450, alias: "weft blue" } as const;
const br0: Link = { ...base, name: "br0", type: "bridge", mac: macOf(ipv4("10.0.0.1")) };
const vxlan1: Link = { ...base, name: "vxlan1", type: "vxlan", master: "br0", port, vni: 256, dstPort: 4789 };
const veth0: Link = {
	...base,
	name: "veth0",
	type: "veth",
	master: "br0",
	port,
	peer: { ns: sandbox, name: "eth0", mac: macOf(address), mtuBytes: 1450, up: true },
};

function add(...resources: Resource[]): KernelOp[] {
	return resources.map((resource) => ({
		verb: ["netns", "link", "nft-rule"].includes(resource.kind) ? "add" : "replace",
		resource,
	}));
}

function remote(last: number, vtep: Ipv4): Resource[] {
	const remoteAddress = ipv4FromNumber(0x0a000000 + last);
	const mac = macOf(remoteAddress);
	return [
		{ kind: "fdb", ns, dev: "vxlan1", mac, dst: vtep },
		{ kind: "fdb", ns, dev: "vxlan1", mac },
		{ kind: "neigh", ns, dev: "vxlan1", address: remoteAddress, mac },
	];
}

function fakeWithOverlay() {
	const kernel = openFakeKernel();
	kernel.createForeignNetns(sandbox);
	const ops = add({ kind: "netns", name: ns }, br0, vxlan1, veth0, ...remote(3, ipv4("192.168.56.102")));
	for (const { error } of kernel.apply(ops)) assert.equal(error, undefined);
	return kernel;
}

function errnos(kernel: ReturnType<typeof openFakeKernel>, ops: readonly KernelOp[]) {
	return kernel.apply(ops).map(({ errno }) => errno);
}

test("openFakeKernel() dumps its state as the commands that make it", () => {
	const lines = fakeWithOverlay().dump().split("\n");
	assert.equal(lines[0], `ip netns add ${ns}`);
	assert.ok(lines.some((line) => line.includes("dst 192.168.56.102 self permanent")));
});

test("openFakeKernel() refuses what a kernel refuses", () => {
	const kernel = fakeWithOverlay();
	const elsewhere = "1-ffffffffff";
	const cases: readonly (readonly [Resource, string])[] = [
		[br0, "EEXIST"],
		[{ ...br0, ns: elsewhere }, "ENOENT"],
		[{ ...veth0, name: "veth1" }, "EEXIST"],
		[{ ...vxlan1, name: "vxlan2" }, "EEXIST"],
		[{ ...vxlan1, name: "vxlan2", vni: 257, master: "br1" }, "ENODEV"],
		[{ ...br0, name: "br1", master: "veth0" }, "EOPNOTSUPP"],
		[{ kind: "fdb", ns, dev: "br0", mac: macOf(address), dst: address }, "EOPNOTSUPP"],
		[{ kind: "neigh", ns, dev: "vxlan9", mac: macOf(address), address }, "ENODEV"],
		[{ kind: "route", ns: sandbox, dst: prefix("0.0.0.0/0"), via: ipv4("10.9.9.9"), dev: "eth0" }, "ENETUNREACH"],
		[{ kind: "sysctl", ns, key: "net.ipv4.conf.br9.arp_ignore", value: "1" }, "ENOENT"],
		[{ kind: "nft-element", ns, family: "bridge", table: "weft", set: "ports", element: ["veth0"] }, "ENOENT"],
	];
	for (const [resource, errno] of cases) assert.deepEqual(errnos(kernel, add(resource)), [errno], resource.kind);
	assert.equal(kernel.apply(add({ ...vxlan1, name: "vxlan2" }))[0]?.error?.code, "VNI_IN_USE");
	assert.equal(kernel.apply(add({ ...br0, ns: elsewhere }))[0]?.error?.code, "NETNS_NOT_FOUND");
});

test("openFakeKernel() takes neighbours from a device that goes down, and leaves its forwarding entries", () => {
	const kernel = fakeWithOverlay();
	kernel.apply([
		{ verb: "set", resource: { ...vxlan1, up: false }, was: vxlan1 },
		{ verb: "set", resource: vxlan1, was: { ...vxlan1, up: false } },
	]);
	const kinds = [...kernel.observe([{ ns, role: "overlay", sysctls: [] }]).values()].map(({ kind }) => kind);
	assert.equal(kinds.filter((kind) => kind === "neigh").length, 0);
	assert.equal(kinds.filter((kind) => kind === "fdb").length, 2);
});

test("openFakeKernel() frees the ports of a deleted bridge", () => {
	const kernel = fakeWithOverlay();
	kernel.apply([{ verb: "del", resource: br0 }]);
	const state = kernel.observe([{ ns, role: "overlay", sysctls: [] }]);
	const held = state.get(`link ${ns} veth0`);
	assert.ok(held?.kind === "link" && held.type === "veth");
	assert.equal(held.master, undefined);
	assert.equal(held.port, undefined);
	assert.ok(![...state.values()].some((r) => r.kind === "fdb" && r.dst === undefined));
});

test("openFakeKernel() takes a namespace away with its links and their other ends", () => {
	const kernel = fakeWithOverlay();
	const addr: Resource = { kind: "addr", ns: sandbox, dev: "eth0", address: "10.0.0.2/24" as Cidr };
	kernel.apply(add(addr));
	kernel.apply([{ verb: "del", resource: { kind: "netns", name: ns } }]);
	assert.deepEqual(kernel.listNetns(), []);
	assert.deepEqual(
		[...kernel.observe([{ ns: sandbox, role: "sandbox", sysctls: [] }]).values()],
		[{ kind: "link", ns: sandbox, name: "lo", type: "loopback", up: false }],
	);
	assert.deepEqual(
		errnos(kernel, add({ kind: "netns", name: ns }, vxlan1)),
		[undefined, "ENODEV"],
		"VNI is free again",
	);
});

test("openFakeKernel() tells of foreign changes in watched namespaces, and of no own ones", async () => {
	const kernel = fakeWithOverlay();
	const heard: KernelEvent[] = [];
	const end = kernel.subscribe((event) => heard.push(event));
	kernel.watchNetns(ns);
	kernel.apply([{ verb: "del", resource: vxlan1 }]);
	kernel.foreign({ verb: "del", resource: veth0 });
	await turn();
	assert.deepEqual(heard, [{ kind: "link", ns }]);
	end();
	kernel.overrun();
	await turn();
	assert.equal(heard.length, 1);
});

test("openFakeKernel() lists chains that drop forwarded traffic, and takes rules into them", () => {
	const kernel = openFakeKernel();
	const chain = { family: "ip", table: "filter", chain: "DOCKER-USER" } as const;
	kernel.addForeignChain({ ...chain, dropsForwarded: true });
	assert.deepEqual(kernel.facts().forwardFilters, [chain]);
	const rule: Resource = {
		kind: "nft-rule",
		ns: hostNetns,
		...chain,
		comment: "weft: x",
		rule: { statements: [{ verdict: "accept" }] },
	};
	assert.deepEqual(errnos(kernel, add(rule, rule)), [undefined, undefined]);
	assert.deepEqual([...kernel.observe([{ ns: hostNetns, role: "host", sysctls: [] }]).values()], [rule]);
});

test("openFakeKernel() applies and observes ten thousand entries in a moment", () => {
	const kernel = fakeWithOverlay();
	const ops = add(...Array.from({ length: 10_000 }, (_, i) => remote(i + 4, address)).flat());
	const start = process.hrtime.bigint();
	kernel.apply(ops);
	const { size } = kernel.observe([{ ns, role: "overlay", sysctls: [] }]);
	const elapsedMs = Number(process.hrtime.bigint() - start) / 1e6;
	assert.ok(size > 30_000);
	assert.ok(elapsedMs < 1_000, `took ${elapsedMs} ms`);
});
