import { type Ipv4, ipv4, ipv4FromNumber, macOf } from "../../model/address.ts";
import {
	type BridgeLink,
	hostNetns,
	type LoopbackLink,
	type NetnsRef,
	type NftTable,
	type PortFlags,
	type Resource,
	type VethLink,
	type VxlanLink,
} from "../../model/kernel-state.ts";
import { type Cidr, prefix } from "../../model/prefix.ts";

export const containerPort: PortFlags = {
	locked: true,
	learning: false,
	flood: false,
	mcastFlood: true,
	bcastFlood: true,
	isolated: false,
};

/** Not VXLAN's own, so that nothing else on the machine has it. */
export const vxlanTestPort = 14789;

export const [local, remoteVtep] = [ipv4("10.0.0.2"), ipv4("192.168.56.102")];

/** An overlay with one local endpoint. */
export interface SampleOverlay {
	readonly ns: NetnsRef;
	readonly sandbox: NetnsRef;
	readonly br0: BridgeLink;
	readonly vxlan1: VxlanLink;
	readonly veth0: VethLink;
	/** All of it, in the order of making: namespaces (weft's own only), links, guard, addresses, and one remote endpoint. */
	readonly resources: readonly Resource[];
}

/** @param sandbox A name for one of weft's own, a path for a foreign one. */
export function sampleOverlay(ns: string, sandbox: NetnsRef, vni: number): SampleOverlay {
	const base = { kind: "link", ns, up: true, mtuBytes: 1450, alias: "weft blue" } as const;
	const br0: BridgeLink = { ...base, name: "br0", type: "bridge", mac: macOf(ipv4("10.0.0.1")) };
	const port = { master: "br0", port: containerPort };
	const vxlan1: VxlanLink = { ...base, ...port, name: "vxlan1", type: "vxlan", vni, dstPort: vxlanTestPort };
	const peer = { ns: sandbox, name: "eth0", mac: macOf(local), mtuBytes: 1450, up: true, arpIgnore: true };
	const veth0: VethLink = { ...base, ...port, name: "veth0", type: "veth", alias: "weft bbox1", peer };
	return {
		ns,
		sandbox,
		br0,
		vxlan1,
		veth0,
		resources: [
			{ kind: "netns", name: ns },
			...(sandbox.startsWith("/") ? [] : [{ kind: "netns" as const, name: sandbox }]),
			{ kind: "sysctl", ns, key: "net.ipv4.ip_forward", value: "0" },
			guard(ns),
			{
				kind: "nft-element",
				ns,
				family: "bridge",
				table: "weft",
				set: "addresses",
				element: ["veth0", local],
			},
			br0,
			vxlan1,
			veth0,
			lo(sandbox),
			{ kind: "addr", ns, dev: "br0", address: "10.0.0.1/24" as Cidr },
			{ kind: "addr", ns: sandbox, dev: "eth0", address: "10.0.0.2/24" as Cidr },
			{ kind: "fdb", ns, dev: "veth0", mac: macOf(local) },
			...remote(ns, 3),
			{ kind: "route", ns: sandbox, dst: prefix("0.0.0.0/0"), via: ipv4("10.0.0.1"), dev: "eth0" },
			{ kind: "route", ns: sandbox, dst: prefix("10.9.0.0/16"), dev: "eth0" },
		],
	};
}

/** @returns What stands for the remote endpoint 10.0.x.y whose number is `n`. */
export function remote(ns: NetnsRef, n: number, vtep: Ipv4 = remoteVtep): Resource[] {
	const address = ipv4FromNumber(0x0a000000 + n);
	const mac = macOf(address);
	return [
		{ kind: "fdb", ns, dev: "vxlan1", mac, dst: vtep },
		{ kind: "fdb", ns, dev: "vxlan1", mac },
		{ kind: "neigh", ns, dev: "vxlan1", address, mac },
	];
}

export function lo(ns: NetnsRef): LoopbackLink {
	return { kind: "link", ns, name: "lo", type: "loopback", up: true };
}

function guard(ns: NetnsRef): NftTable {
	return {
		kind: "nft-table",
		ns,
		family: "bridge",
		name: "weft",
		sets: [{ name: "addresses", type: ["ifname", "ipv4_addr"] }],
		chains: [
			{
				name: "prerouting",
				hook: { type: "filter", hook: "prerouting", priority: -300, policy: "accept" },
				rules: [
					{ statements: [{ fields: ["iifname", "ip saddr"], op: "==", set: "addresses" }, { verdict: "accept" }] },
				],
			},
		],
	};
}

/** @returns The way out of a sandbox: the gateway bridge of the host, and a pair. */
export function sampleGateway(sandbox: NetnsRef): readonly Resource[] {
	const ns = hostNetns;
	const [gateway, address] = [ipv4("172.30.0.1"), ipv4("172.30.0.2")];
	const base = { kind: "link", ns, up: true, mtuBytes: 1500 } as const;
	const port = { ...containerPort, mcastFlood: false, isolated: true };
	const peer = { ns: sandbox, name: "eth1", mac: macOf(address), mtuBytes: 1500, up: true, arpIgnore: true };
	return [
		{ ...base, name: "weft_gwbridge", type: "bridge", alias: "weft gateway", mac: macOf(gateway) },
		{ ...base, name: "wgw0", type: "veth", alias: "weft bbox1", master: "weft_gwbridge", port, peer },
		{ kind: "addr", ns, dev: "weft_gwbridge", address: "172.30.0.1/16" as Cidr },
		{ kind: "addr", ns: sandbox, dev: "eth1", address: "172.30.0.2/16" as Cidr },
		{ kind: "fdb", ns, dev: "wgw0", mac: macOf(address) },
		{ kind: "neigh", ns, dev: "weft_gwbridge", address, mac: macOf(address) },
	];
}
