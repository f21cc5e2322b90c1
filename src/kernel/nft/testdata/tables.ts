import type { NetnsRef, NftElement, NftForeignRule, NftTable, Resource } from "../../../model/kernel-state.ts";
import type { NftMatch, NftRule, NftStatement } from "../../../model/nft.ts";

/** The tables that the tests apply, each with the text that nft prints of it in `<name>.golden`. */

/** @example rule(["iifname", "==", "veth0"], { verdict: "drop" }) */
export function rule(...statements: (NftStatement | readonly [NftMatch["field"], NftMatch["op"], string])[]): NftRule {
	return {
		statements: statements.map((one) => (isTuple(one) ? { field: one[0], op: one[1], value: one[2] } : one)),
	};
}

function isTuple(one: unknown): one is readonly unknown[] {
	return Array.isArray(one);
}

const accept = { verdict: "accept" } as const;
const drop = { verdict: "drop" } as const;
const gwbridge = "weft_gwbridge";

/** What guards a host: VTEPs, the gateway bridge, masquerade. */
export function hostTable(ns: NetnsRef): Resource[] {
	const table: NftTable = {
		kind: "nft-table",
		ns,
		family: "inet",
		name: "weft",
		sets: [{ name: "vteps", type: ["ipv4_addr"] }],
		chains: [
			{
				name: "input",
				hook: { type: "filter", hook: "input", priority: 0, policy: "accept" },
				rules: [
					rule(
						["meta nfproto", "==", "ipv4"],
						["meta l4proto", "==", "udp"],
						["udp dport", "==", "4789"],
						{ fields: ["ip saddr"], op: "!=", set: "vteps" },
						drop,
					),
					rule(["iifname", "==", gwbridge], ["ct state", "==", "established,related"], accept),
					rule(["iifname", "==", gwbridge], drop),
				],
			},
			{
				name: "forward",
				hook: { type: "filter", hook: "forward", priority: 0, policy: "accept" },
				rules: [rule(["iifname", "==", gwbridge], ["oifname", "==", gwbridge], drop)],
			},
			{
				name: "postrouting",
				hook: { type: "nat", hook: "postrouting", priority: 100, policy: "accept" },
				rules: [
					rule(["meta nfproto", "==", "ipv4"], ["ip saddr", "==", "172.18.0.0/16"], ["oifname", "!=", gwbridge], {
						masquerade: true,
					}),
				],
			},
		],
	};
	return [table, elementOf(table, "vteps", "192.168.56.101")];
}

/** The address guard of a bridge, without its elements. */
export function guardTable(ns: NetnsRef): NftTable {
	return {
		kind: "nft-table",
		ns,
		family: "bridge",
		name: "weft",
		sets: [
			{ name: "addresses", type: ["ifname", "ipv4_addr"] },
			{ name: "ports", type: ["ifname"] },
		],
		chains: [
			{
				name: "prerouting",
				hook: { type: "filter", hook: "prerouting", priority: -300, policy: "accept" },
				rules: [
					rule(["iifname", "==", "vxlan1"], accept),
					rule({ fields: ["iifname"], op: "!=", set: "ports" }, accept),
					rule(
						["ether type", "==", "arp"],
						{ fields: ["iifname", "arp saddr ip"], op: "==", set: "addresses" },
						accept,
					),
					rule(["ether type", "==", "arp"], ["arp saddr ip", "==", "0.0.0.0"], accept),
					rule(["ether type", "==", "ip"], { fields: ["iifname", "ip saddr"], op: "==", set: "addresses" }, accept),
					rule(drop),
				],
			},
		],
	};
}

/** What lets one port of the guarded bridge send. */
export function guardElements(ns: NetnsRef, port: string, address: string): [NftElement, NftElement] {
	const table = guardTable(ns);
	return [elementOf(table, "addresses", port, address), elementOf(table, "ports", port)];
}

/** Every field, statement and type that the other tables don't have. */
export function everything(ns: NetnsRef): Resource[] {
	const table: NftTable = {
		kind: "nft-table",
		ns,
		family: "inet",
		name: "weft",
		sets: [
			{ name: "triples", type: ["ifname", "ipv4_addr", "inet_service"] },
			{ name: "six", type: ["ipv6_addr"] },
		],
		chains: [
			{
				name: "prerouting",
				hook: { type: "filter", hook: "prerouting", priority: -300, policy: "drop" },
				rules: [
					rule(["meta l4proto", "==", "tcp"], ["tcp dport", "!=", "80"]),
					rule(["meta nfproto", "==", "ipv4"], ["ip daddr", "==", "10.0.0.0/9"]),
					rule(["meta nfproto", "==", "ipv6"], ["ip6 saddr", "==", "fe80::/10"]),
					rule(["meta nfproto", "==", "ipv6"], { fields: ["ip6 saddr"], op: "!=", set: "six" }),
					rule(["ct status", "==", "dnat"], ["ct state", "==", "invalid,new"]),
					rule(["ct state", "==", "established,related"], { jump: "more" }),
					rule(
						["meta nfproto", "==", "ipv4"],
						["meta l4proto", "==", "udp"],
						{ fields: ["iifname", "ip saddr", "udp dport"], op: "==", set: "triples" },
						drop,
					),
				],
			},
			{ name: "more", rules: [rule({ verdict: "return" })] },
		],
	};
	return [table, elementOf(table, "triples", "veth0", "10.0.0.2", "53"), elementOf(table, "six", "fe80::1")];
}

/** A word of a bridge that the guard has no use for. */
export function bridgeWords(ns: NetnsRef): Resource[] {
	const chain = {
		name: "forward",
		hook: { type: "filter", hook: "forward", priority: 0, policy: "accept" },
		rules: [rule(["meta protocol", "==", "arp"], ["ether saddr", "!=", "02:42:0a:00:00:02"], drop)],
	} as const;
	return [{ kind: "nft-table", ns, family: "bridge", name: "weft", sets: [], chains: [chain] }];
}

/** A rule for Docker's chain. */
export function foreignRule(ns: NetnsRef, comment: string, statements: NftRule): NftForeignRule {
	return { kind: "nft-rule", ns, family: "ip", table: "filter", chain: "DOCKER-USER", comment, rule: statements };
}

/** What Docker makes of the table `filter`, as far as weft has to do with it. */
export const dockerTable = `table ip filter {
	chain DOCKER-USER { counter return; }
	chain FORWARD { type filter hook forward priority filter; policy drop; counter jump DOCKER-USER; }
}`;

function elementOf({ ns, family, name: table }: NftTable, set: string, ...element: string[]): NftElement {
	return { kind: "nft-element", ns, family, table, set, element };
}
