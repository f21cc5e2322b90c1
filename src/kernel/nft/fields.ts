import type { NftField } from "../../model/nft.ts";
import { type ValueType, valueTypes } from "./types.ts";

/** Where a field's value comes from: the expression of nf_tables that loads it into a register (linux/netfilter/nf_tables.h). */
export type FieldLoad =
	| { readonly name: "meta"; readonly key: number }
	| { readonly name: "ct"; readonly key: number }
	| { readonly name: "payload"; readonly base: number; readonly offset: number; readonly bytes: number };

export interface Field {
	readonly load: FieldLoad;
	readonly type: ValueType;
	/** The transport protocol whose header the field stands in: other protocols have something else at that place. */
	readonly l4proto?: string;
}

/** enum nft_payload_bases. */
const linkHeader = 0;
const networkHeader = 1;
const transportHeader = 2;

/** Every word that a rule may look at: the one table behind writing, reading and checking rules. */
export const fields: Readonly<Record<NftField, Field>> = {
	// enum nft_meta_keys
	iifname: { load: { name: "meta", key: 6 }, type: valueTypes.ifname },
	oifname: { load: { name: "meta", key: 7 }, type: valueTypes.ifname },
	"meta ibrname": { load: { name: "meta", key: 17 }, type: valueTypes.ifname },
	"meta nfproto": { load: { name: "meta", key: 15 }, type: valueTypes.nf_proto },
	"meta l4proto": { load: { name: "meta", key: 16 }, type: valueTypes.inet_proto },
	"meta protocol": { load: { name: "meta", key: 1 }, type: valueTypes.ether_type },
	// IEEE 802.3
	"ether saddr": payload(linkHeader, 6, valueTypes.ether_addr),
	"ether type": payload(linkHeader, 12, valueTypes.ether_type),
	// RFC 791, RFC 8200, RFC 826 (Ethernet and IPv4: the sender's protocol address)
	"ip saddr": payload(networkHeader, 12, valueTypes.ipv4_addr),
	"ip daddr": payload(networkHeader, 16, valueTypes.ipv4_addr),
	"ip6 saddr": payload(networkHeader, 8, valueTypes.ipv6_addr),
	"arp saddr ip": payload(networkHeader, 14, valueTypes.ipv4_addr),
	// RFC 768, RFC 9293
	"udp dport": { ...payload(transportHeader, 2, valueTypes.inet_service), l4proto: "udp" },
	"tcp dport": { ...payload(transportHeader, 2, valueTypes.inet_service), l4proto: "tcp" },
	// enum nft_ct_keys
	"ct state": { load: { name: "ct", key: 0 }, type: valueTypes.ct_state },
	"ct status": { load: { name: "ct", key: 2 }, type: valueTypes.ct_status },
};

function payload(base: number, offset: number, type: ValueType): Field {
	return { load: { name: "payload", base, offset, bytes: type.bytes }, type };
}

/** @returns The field that `load` loads. `l4proto` is what the rule has asked for so far: it tells one transport header from another. */
export function fieldOf(load: FieldLoad, l4proto: string | undefined): NftField | undefined {
	for (const [name, field] of Object.entries(fields)) {
		if (sameLoad(field.load, load) && (field.l4proto === undefined || field.l4proto === l4proto))
			return name as NftField;
	}
	return undefined;
}

function sameLoad(a: FieldLoad, b: FieldLoad): boolean {
	if (a.name === "payload")
		return b.name === "payload" && a.base === b.base && a.offset === b.offset && a.bytes === b.bytes;
	return a.name === b.name && a.key === b.key;
}
