import fc from "fast-check";
import { guardElements, guardTable } from "../../src/kernel/nft/testdata/tables.ts";
import { type Ipv4, ipv4, macOf } from "../../src/model/address.ts";
import type { KernelOp } from "../../src/model/kernel-op.ts";
import {
	hostNetns,
	type KernelState,
	keyOf,
	type Link,
	type NetnsRef,
	type PortFlags,
	type Resource,
	type VethLink,
} from "../../src/model/kernel-state.ts";
import { type Cidr, prefix } from "../../src/model/prefix.ts";

/** Two namespaces that operations are about, beside the host's: an overlay's, and a sandbox's. */
export type Places = Readonly<Record<"overlay" | "sandbox", string>>;

/** What may happen to a resource: that it is wanted, or that it is not. */
export interface Step {
	readonly resource: Resource;
	readonly del: boolean;
}

/** The settings that steps are about. */
export const overlaySysctls = ["net.ipv4.ip_forward", "net.ipv4.conf.br0.send_redirects"];

const closedPort: PortFlags = {
	locked: true,
	learning: false,
	flood: false,
	mcastFlood: true,
	bcastFlood: true,
	isolated: false,
};
const gatewayBridge = "weft_gwbridge";

const number = fc.integer({ min: 2, max: 4 });
const up = fc.boolean();
const mtuBytes = fc.constantFrom(1400, 1450);
const alias = fc.constantFrom("weft blue", "weft green");
const vxlanDevice = fc.constantFrom("vxlan1", "vxlan2");
const overlayDevice = fc.constantFrom("br0", "vxlan1", "vxlan2", "veth0", "veth1");

function address(n: number): Ipv4 {
	return ipv4(`10.0.0.${n}`);
}

function portOf(bridge: string) {
	return fc.constantFrom(
		{},
		{ master: bridge, port: closedPort },
		{ master: bridge, port: { ...closedPort, isolated: true } },
	);
}

/** @returns Steps about few names, so that they meet again and again. */
export function steps(places: Places): fc.Arbitrary<Step> {
	const resource = fc.oneof(
		{
			weight: 1,
			arbitrary: fc.constantFrom(...Object.values(places)).map((name): Resource => ({ kind: "netns", name })),
		},
		{ weight: 10, arbitrary: links(places) },
		{ weight: 8, arbitrary: overlayEntries(places.overlay) },
		{ weight: 4, arbitrary: sandboxEntries(places.sandbox) },
		{ weight: 2, arbitrary: hostEntries },
		{ weight: 4, arbitrary: settings(places.overlay) },
	);
	return fc.record({ resource, del: fc.integer({ min: 0, max: 3 }).map((n) => n === 0) });
}

function links({ overlay, sandbox }: Places): fc.Arbitrary<Resource> {
	const bridge = (ns: NetnsRef, name: string) =>
		fc
			.record({ up, mtuBytes, alias, mac: fc.constantFrom(1, 9).map((n) => macOf(address(n))) })
			.map((part): Link => ({ kind: "link", ns, name, type: "bridge", ...part }));
	const vxlan = fc.record({ up, mtuBytes, alias, name: vxlanDevice, vni: fc.constantFrom(5, 6) }).chain((part) =>
		portOf("br0").map((port): Link => {
			return { kind: "link", ns: overlay, type: "vxlan", dstPort: 14789, ...port, ...part };
		}),
	);
	const veth = (ns: NetnsRef, head: string, master: string) =>
		fc
			.record({ up, mtuBytes, alias, i: fc.nat(1), port: portOf(master), peer: peerOf(sandbox) })
			.map(({ i, port, peer, ...part }): Link => {
				const end = { ...peer, name: `${ns === hostNetns ? "gw" : "eth"}${i}` };
				return { kind: "link", ns, name: `${head}${i}`, type: "veth", peer: end, ...port, ...part };
			});
	return fc.oneof(
		{ weight: 2, arbitrary: bridge(overlay, "br0") },
		{ weight: 3, arbitrary: vxlan },
		{ weight: 3, arbitrary: veth(overlay, "veth", "br0") },
		{ weight: 1, arbitrary: bridge(hostNetns, gatewayBridge) },
		{ weight: 1, arbitrary: veth(hostNetns, "wgw", gatewayBridge) },
		{ weight: 1, arbitrary: up.map((up): Link => ({ kind: "link", ns: sandbox, name: "lo", type: "loopback", up })) },
	);
}

function peerOf(ns: NetnsRef): fc.Arbitrary<Omit<VethLink["peer"], "name">> {
	return fc.record({ ns: fc.constant(ns), mac: number.map((n) => macOf(address(n))), mtuBytes, up, arpIgnore: up });
}

function overlayEntries(ns: NetnsRef): fc.Arbitrary<Resource> {
	const entry = fc.record({ dev: overlayDevice, n: number });
	return fc.oneof(
		entry.map(({ dev, n }): Resource => ({ kind: "addr", ns, dev, address: `${address(n)}/24` as Cidr })),
		entry.map(({ dev, n }): Resource => {
			return { kind: "neigh", ns, dev, address: address(n), mac: macOf(address(n)) };
		}),
		entry.map(({ dev, n }): Resource => ({ kind: "fdb", ns, dev, mac: macOf(address(n)) })),
		fc
			.record({ dev: vxlanDevice, n: number, vtep: fc.constantFrom("1.1.1.1", "1.1.1.2") })
			.map(({ dev, n, vtep }): Resource => {
				return { kind: "fdb", ns, dev, mac: macOf(address(n)), dst: vtep as Ipv4 };
			}),
	);
}

function sandboxEntries(ns: NetnsRef): fc.Arbitrary<Resource> {
	const dev = fc.constantFrom("eth0", "eth1", "gw0");
	const dst = fc.constantFrom("0.0.0.0/0", "10.9.0.0/16").map(prefix);
	return fc.oneof(
		fc.record({ dev, n: number }).map(({ dev, n }): Resource => {
			return { kind: "addr", ns, dev, address: `172.18.0.${n}/16` as Cidr };
		}),
		fc.record({ dev, dst }).map(({ dev, dst }): Resource => ({ kind: "route", ns, dst, via: ipv4("172.18.0.1"), dev })),
		fc.record({ dev, dst }).map(({ dev, dst }): Resource => ({ kind: "route", ns, dst, dev })),
	);
}

const hostEntries: fc.Arbitrary<Resource> = fc.oneof(
	number.map((n): Resource => {
		return { kind: "addr", ns: hostNetns, dev: gatewayBridge, address: `172.18.0.${n}/16` as Cidr };
	}),
	number.map((n): Resource => {
		return { kind: "neigh", ns: hostNetns, dev: gatewayBridge, address: address(n), mac: macOf(address(n)) };
	}),
	number.map((n): Resource => ({ kind: "fdb", ns: hostNetns, dev: "wgw0", mac: macOf(address(n)) })),
);

function settings(ns: NetnsRef): fc.Arbitrary<Resource> {
	return fc.oneof(
		fc
			.record({ key: fc.constantFrom(...overlaySysctls), value: fc.constantFrom("0", "1") })
			.map((part): Resource => ({ kind: "sysctl", ns, ...part })),
		fc.constant(guardTable(ns)),
		fc.nat(2).map((i): Resource => guardElements(ns, `veth${i}`, address(i + 2))[0]),
	);
}

/** @returns The operation of a step on a kernel that holds `held`. */
export function opOf({ resource, del }: Step, held: KernelState): KernelOp {
	if (del) return { verb: "del", resource };
	if (resource.kind === "netns") return { verb: "add", resource };
	if (resource.kind !== "link") return { verb: "replace", resource };
	const was = held.get(keyOf(resource));
	return was?.kind === "link" ? { verb: "set", resource, was } : { verb: "add", resource };
}
