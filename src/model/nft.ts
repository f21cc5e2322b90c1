/** nftables families that weft uses (NFPROTO_*). */
export type NftFamily = "inet" | "ip" | "bridge";

/** The types of set keys and of match values, by nft's own names. */
export type NftType = "ifname" | "ipv4_addr" | "ipv6_addr" | "inet_service";

/** A named set of concatenated keys: `type ifname . ipv4_addr`. Elements are resources of their own. */
export interface NftSet {
	readonly name: string;
	readonly type: readonly NftType[];
}

/**
 * What a rule looks at, by nft's own words. No word implies another: a rule for IPv4 addresses in an inet or bridge
 * table says so itself ("meta nfproto ipv4", "ether type ip"), so that a rule reads back as it was written.
 */
export type NftField =
	| "iifname"
	| "oifname"
	| "meta ibrname"
	| "meta nfproto"
	| "meta l4proto"
	| "meta protocol"
	| "ether type"
	| "ether saddr"
	| "ip saddr"
	| "ip daddr"
	| "ip6 saddr"
	| "arp saddr ip"
	| "udp dport"
	| "tcp dport"
	| "ct state"
	| "ct status";

/** `value` is one value or prefix in nft's own words ("veth0", "10.0.0.0/24", "fe80::/10", "ipv4", "udp", "arp", "4789"); for "ct state" and "ct status" one or several ("established,related", "dnat"). */
export interface NftMatch {
	readonly field: NftField;
	readonly op: "==" | "!=";
	readonly value: string;
}

/** `iifname . arp saddr ip @set`, or `ip saddr != @set`. */
export interface NftLookup {
	readonly fields: readonly NftField[];
	readonly op: "==" | "!=";
	readonly set: string;
}

export type NftStatement =
	| NftMatch
	| NftLookup
	| { readonly verdict: "accept" | "drop" | "return" }
	| { readonly jump: string }
	| { readonly masquerade: true };

export interface NftRule {
	readonly statements: readonly NftStatement[];
}

export interface NftChain {
	readonly name: string;
	/** Absent on a chain that is only jumped to. */
	readonly hook?: {
		readonly type: "filter" | "nat" | "route";
		readonly hook: "prerouting" | "input" | "forward" | "output" | "postrouting";
		readonly priority: number;
		readonly policy: "accept" | "drop";
	};
	readonly rules: readonly NftRule[];
}
