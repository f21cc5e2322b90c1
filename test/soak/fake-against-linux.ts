import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { openFakeKernel } from "../../src/kernel/fake.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { openLinuxKernel } from "../../src/kernel/linux.ts";
import { deleteNetns } from "../../src/kernel/netns.ts";
import { guardElements, guardTable } from "../../src/kernel/nft/testdata/tables.ts";
import { type Ipv4, ipv4, macOf } from "../../src/model/address.ts";
import type { KernelOp } from "../../src/model/kernel-op.ts";
import type { KernelState, Link, PortFlags, Resource, VethLink, VxlanLink } from "../../src/model/kernel-state.ts";
import { type Cidr, prefix } from "../../src/model/prefix.ts";
import { formatOps } from "../../src/plan/format.ts";
import { needs } from "../needs.ts";

const skip = needs("root");
const a = `wt-${process.pid}-a`;
const b = `wt-${process.pid}-b`;

after(() => {
	for (const name of [a, b]) deleteNetns(name);
});

const port: PortFlags = {
	locked: true,
	learning: false,
	flood: false,
	mcastFlood: true,
	bcastFlood: true,
	isolated: false,
};
const address = (last: number) => ipv4(`10.0.0.${last}`);
const base = { kind: "link", ns: a, mtuBytes: 1450, alias: "weft blue" } as const;

const bridge = fc
	.record({ up: fc.boolean(), mtuBytes: fc.constantFrom(1400, 1450) })
	.map((part): Link => ({ ...base, ...part, name: "br0", type: "bridge", mac: macOf(address(1)) }));
const master = fc.constantFrom({}, { master: "br0", port }, { master: "br0", port: { ...port, isolated: true } });
const vxlan = fc.record({ up: fc.boolean(), master }).map(
	({ up, master }): VxlanLink => ({
		...base,
		...master,
		up,
		name: "vxlan1",
		type: "vxlan",
		vni: 0x800000 + (process.pid % 0x100000),
		dstPort: 14789,
	}),
);
const veth = fc.record({ up: fc.boolean(), peerUp: fc.boolean(), i: fc.nat(1), master }).map(
	({ up, peerUp, i, master }): VethLink => ({
		...base,
		...master,
		up,
		name: `veth${i}`,
		type: "veth",
		peer: { ns: b, name: `eth${i}`, mac: macOf(address(2 + i)), mtuBytes: 1450, up: peerUp },
	}),
);
const lo = fc.boolean().map((up): Link => ({ kind: "link", ns: b, name: "lo", type: "loopback", up }));
const dev = fc.constantFrom("br0", "vxlan1", "veth0");
const last = fc.integer({ min: 2, max: 4 });

const resource: fc.Arbitrary<Resource> = fc.oneof(
	{ weight: 1, arbitrary: fc.constantFrom(a, b).map((name) => ({ kind: "netns", name }) as const) },
	{ weight: 2, arbitrary: bridge },
	{ weight: 3, arbitrary: vxlan },
	{ weight: 3, arbitrary: veth },
	{ weight: 1, arbitrary: lo },
	fc.record({ dev, last }).map(({ dev, last }): Resource => {
		return { kind: "addr", ns: a, dev, address: `${address(last)}/24` as Cidr };
	}),
	fc.record({ i: fc.nat(1) }).map(({ i }): Resource => {
		return { kind: "addr", ns: b, dev: `eth${i}`, address: `172.18.0.${i + 2}/16` as Cidr };
	}),
	fc.record({ i: fc.nat(1) }).map(({ i }): Resource => {
		return { kind: "route", ns: b, dst: prefix("0.0.0.0/0"), via: ipv4("172.18.0.1"), dev: `eth${i}` };
	}),
	fc.record({ dev, last }).map(({ dev, last }): Resource => {
		return { kind: "neigh", ns: a, dev, address: address(last), mac: macOf(address(last)) };
	}),
	fc.record({ dev, last }).map(({ dev, last }): Resource => ({ kind: "fdb", ns: a, dev, mac: macOf(address(last)) })),
	fc.record({ last, vtep: fc.constantFrom("1.1.1.1", "1.1.1.2") }).map(({ last, vtep }): Resource => {
		return { kind: "fdb", ns: a, dev: "vxlan1", mac: macOf(address(last)), dst: vtep as Ipv4 };
	}),
	fc.constantFrom("0", "1").map((value): Resource => ({ kind: "sysctl", ns: a, key: "net.ipv4.ip_forward", value })),
	fc.constantFrom("0", "1").map((value): Resource => {
		return { kind: "sysctl", ns: a, key: "net.ipv4.conf.br0.send_redirects", value };
	}),
	fc.constant(guardTable(a)),
	fc.nat(2).map((i): Resource => guardElements(a, `veth${i}`, address(i + 2))[0]),
);

const step = fc.record({ resource, del: fc.integer({ min: 0, max: 3 }).map((n) => n === 0) });

function opOf({ resource, del }: { resource: Resource; del: boolean }, held: KernelState): KernelOp {
	if (del) return { verb: "del", resource };
	const was = resource.kind === "link" ? held.get(`link ${resource.ns} ${resource.name}`) : undefined;
	if (resource.kind === "link" && was?.kind === "link") return { verb: "set", resource, was };
	const add = resource.kind === "netns" || resource.kind === "link";
	return { verb: add ? "add" : "replace", resource };
}

function observe(kernel: Kernel): KernelState {
	return kernel.observe([
		{ ns: a, role: "overlay", sysctls: ["net.ipv4.ip_forward", "net.ipv4.conf.br0.send_redirects"] },
		{ ns: b, role: "sandbox", sysctls: [] },
	]);
}

function byKey(state: KernelState): Resource[] {
	return [...state].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, resource]) => resource);
}

test("openFakeKernel() answers as the kernel does, whatever is asked of it", { skip }, () => {
	const linux = openLinuxKernel();
	const namespaces: KernelOp[] = [a, b].map((name) => ({ verb: "add", resource: { kind: "netns", name } }));
	const removals: KernelOp[] = [a, b].map((name) => ({ verb: "del", resource: { kind: "netns", name } }));
	fc.assert(
		fc.property(fc.array(step, { minLength: 15, maxLength: 40, size: "max" }), (steps) => {
			const fake = openFakeKernel();
			const done: KernelOp[] = [];
			for (const kernel of [linux, fake]) kernel.apply([...removals, ...namespaces]);
			for (const one of structuredClone(steps)) {
				const op = opOf(one, observe(fake));
				done.push(op);
				const [real] = linux.apply([op]);
				const [faked] = fake.apply([op]);
				assert.equal(faked?.errno, real?.errno, formatOps(done));
				assert.equal(faked?.error?.code, real?.error?.code, formatOps(done));
				assert.deepEqual(byKey(observe(fake)), byKey(observe(linux)), formatOps(done));
			}
		}),
		{ numRuns: 20, endOnFailure: true },
	);
	linux.close();
});
