import { type Ipv4, macOf } from "../model/address.ts";
import { hostNetns, type NftElement, type NftTable, type Resource } from "../model/kernel-state.ts";
import type { NftChain, NftRule, NftStatement } from "../model/nft.ts";
import { cidrIn, type Prefix } from "../model/prefix.ts";
import { type ForwardFilter, forwardAccepts, gatewayBridge } from "./forward.ts";
import { guardTable } from "./guard.ts";
import { vxlanPort } from "./overlay.ts";

/** The gateway bridge's own network: host-local, the same for all sandboxes of a host. */
export interface GatewayPool {
	readonly subnet: Prefix;
	/** The bridge's address: the containers' default route. */
	readonly gateway: Ipv4;
	readonly mtuBytes: number;
}

/** What the host's own namespace needs. */
export interface HostWants {
	/** Present when a sandbox of this host has a way out. */
	readonly gateway?: GatewayPool;
	readonly forwardFilters: readonly ForwardFilter[];
	/** The interfaces that lead out of the host. */
	readonly uplinks: readonly string[];
}

/** @returns The host's namespace: the gateway bridge, and accepts in the chains of firewalls that would drop. {@link hostGuard} stands beside it. */
export function compileHost({ gateway, forwardFilters, uplinks }: HostWants): Resource[] {
	if (gateway === undefined) return [];
	return [...bridge(gateway), ...forwardFilters.flatMap((filter) => forwardAccepts(filter, uplinks))];
}

function bridge({ subnet, gateway, mtuBytes }: GatewayPool): Resource[] {
	const ns = hostNetns;
	return [
		{ kind: "sysctl", ns, key: "net.ipv4.ip_forward", value: "1" },
		guardTable(ns, { statements: [{ fields: ["iifname"], op: "!=", set: "ports" }, { verdict: "accept" }] }, [
			{ name: "ports", type: ["ifname"] },
		]),
		{
			kind: "link",
			ns,
			name: gatewayBridge,
			type: "bridge",
			up: true,
			mtuBytes,
			alias: "weft gateway",
			mac: macOf(gateway),
		},
		{ kind: "addr", ns, dev: gatewayBridge, address: cidrIn(gateway, subnet) },
		{ kind: "sysctl", ns, key: `net.ipv4.conf.${gatewayBridge}.send_redirects`, value: "0" },
	];
}

/**
 * @param gateway Present when a sandbox of this host has a way out.
 * @returns What keeps others out of this host's tunnels, and containers from what is not theirs: wanted as soon as a network, or a way out, is here.
 */
export function hostGuard(gateway: GatewayPool | undefined): NftTable {
	return {
		kind: "nft-table",
		ns: hostNetns,
		family: "inet",
		name: "weft",
		sets: [{ name: "vteps", type: ["ipv4_addr"] }],
		chains: [
			{
				name: "input",
				hook: { type: "filter", hook: "input", priority: 0, policy: "accept" },
				rules: [vtepGuard, ...(gateway === undefined ? [] : inputRules)],
			},
			{
				name: "forward",
				hook: { type: "filter", hook: "forward", priority: 0, policy: "accept" },
				rules: [forwardedVxlanGuard, ...(gateway === undefined ? [] : forwardRules)],
			},
			...(gateway === undefined ? [] : [masqueradeChain(gateway)]),
		],
	};
}

const toVxlan: readonly NftStatement[] = [
	{ field: "meta nfproto", op: "==", value: "ipv4" },
	{ field: "meta l4proto", op: "==", value: "udp" },
	{ field: "udp dport", op: "==", value: String(vxlanPort) },
];

/** The kernel never asks whether a frame comes from the right VTEP: any machine on the underlay could inject. */
const vtepGuard: NftRule = {
	statements: [...toVxlan, { fields: ["ip saddr"], op: "!=", set: "vteps" }, { verdict: "drop" }],
};

/**
 * What this host masquerades comes to the others from a member's address, and they would take it for a member's. So nothing behind it, be it a
 * container of another program, may send to their tunnels; a member that this host routes for may.
 */
const forwardedVxlanGuard: NftRule = {
	statements: [
		...toVxlan,
		{ fields: ["ip saddr"], op: "!=", set: "vteps" },
		{ fields: ["ip daddr"], op: "==", set: "vteps" },
		{ verdict: "drop" },
	],
};

/** Nothing on the host answers a container: its addresses would join networks that are cut off from each other. */
const inputRules: readonly NftRule[] = [
	{
		statements: [
			{ field: "iifname", op: "==", value: gatewayBridge },
			{ field: "ct state", op: "==", value: "established,related" },
			{ verdict: "accept" },
		],
	},
	{ statements: [{ field: "iifname", op: "==", value: gatewayBridge }, { verdict: "drop" }] },
];

const answersToContainers: NftRule = {
	statements: [
		{ field: "oifname", op: "==", value: gatewayBridge },
		{ field: "ct state", op: "==", value: "established,related" },
		{ verdict: "accept" },
	],
};

/** Isolated ports stop neighbours on the bridge; this stops those that route by way of the host. */
const forwardRules: readonly NftRule[] = [
	// To any address of a host: its tunnels listen at all of them, and only one is a VTEP.
	{ statements: [{ field: "iifname", op: "==", value: gatewayBridge }, ...toVxlan, { verdict: "drop" }] },
	{
		statements: [
			{ field: "iifname", op: "==", value: gatewayBridge },
			{ field: "oifname", op: "==", value: gatewayBridge },
			{ verdict: "drop" },
		],
	},
	answersToContainers,
	{ statements: [{ field: "oifname", op: "==", value: gatewayBridge }, { verdict: "drop" }] },
];

function masqueradeChain({ subnet }: GatewayPool): NftChain {
	return {
		name: "postrouting",
		hook: { type: "nat", hook: "postrouting", priority: 100, policy: "accept" },
		rules: [
			{
				statements: [
					{ field: "meta nfproto", op: "==", value: "ipv4" },
					{ field: "ip saddr", op: "==", value: subnet },
					{ field: "oifname", op: "!=", value: gatewayBridge },
					{ masquerade: true },
				],
			},
		],
	};
}

/** @returns The element that puts a port under the gateway bridge's guard: other bridges of the host are none of weft's business. */
export function guardedPort(port: string): NftElement {
	return { kind: "nft-element", ns: hostNetns, family: "bridge", table: "weft", set: "ports", element: [port] };
}

/** @returns What lets a member send to this host's tunnels. */
export function vtepElement(vtep: Ipv4): NftElement {
	return { kind: "nft-element", ns: hostNetns, family: "inet", table: "weft", set: "vteps", element: [vtep] };
}
