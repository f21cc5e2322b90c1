import type { Ipv4 } from "../model/address.ts";
import type { NetnsRef, NftElement, NftTable } from "../model/kernel-state.ts";
import type { NftRule, NftSet } from "../model/nft.ts";

/**
 * The address guard of a bridge: a port may send from its own IPv4 address only, in IP and in ARP. Port flags tie a port
 * to its MAC (`locked`), but look at the Ethernet source alone; this table looks at the rest. All else that a port
 * sends (IPv6 on an IPv4 network, VLAN tags, foreign EtherTypes) is dropped.
 *
 * @param trusted What is accepted unseen, in front of the checks; `sets` are those that it looks into.
 */
export function guardTable(ns: NetnsRef, trusted: NftRule, sets: readonly NftSet[] = []): NftTable {
	return {
		kind: "nft-table",
		ns,
		family: "bridge",
		name: "weft",
		sets: [{ name: "addresses", type: ["ifname", "ipv4_addr"] }, ...sets],
		chains: [
			{
				name: "prerouting",
				hook: { type: "filter", hook: "prerouting", priority: -300, policy: "accept" },
				rules: [trusted, ...guardRules],
			},
		],
	};
}

const guardRules: readonly NftRule[] = [
	{
		statements: [
			{ field: "ether type", op: "==", value: "arp" },
			{ fields: ["iifname", "arp saddr ip"], op: "==", set: "addresses" },
			{ verdict: "accept" },
		],
	},
	{
		// An address probe (RFC 5227): it claims nothing yet.
		statements: [
			{ field: "ether type", op: "==", value: "arp" },
			{ field: "arp saddr ip", op: "==", value: "0.0.0.0" },
			{ verdict: "accept" },
		],
	},
	{
		statements: [
			{ field: "ether type", op: "==", value: "ip" },
			{ fields: ["iifname", "ip saddr"], op: "==", set: "addresses" },
			{ verdict: "accept" },
		],
	},
	{ statements: [{ verdict: "drop" }] },
];

/** @returns The element that lets `port` send from `address`. */
export function guardElement(ns: NetnsRef, port: string, address: Ipv4): NftElement {
	return { kind: "nft-element", ns, family: "bridge", table: "weft", set: "addresses", element: [port, address] };
}
