import { ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4, parseMac } from "../../model/address.ts";
import type { NftType } from "../../model/nft.ts";
import { ipv6Bytes, ipv6Text } from "./ipv6.ts";

/** How the values of one nft type look as bytes in a register, and in nft's own words. */
export interface ValueType {
	readonly bytes: number;
	/** A value of several bits, of which any matches: tested with a mask, not compared. */
	readonly flags?: true;
	/** A value may be a prefix: "10.0.0.0/24". */
	readonly prefixes?: true;
	/** @returns undefined when `text` is no value of this type. */
	encode(text: string): Uint8Array | undefined;
	decode(bytes: Uint8Array): string;
}

/** What a set's declaration needs beside the values: nft's number of the type, and whether its bytes are in network order. */
interface KeyType extends ValueType {
	/** `enum datatypes` of nft: part of NFTA_SET_KEY_TYPE, by which `nft list` knows how to print. */
	readonly id: number;
	readonly bigEndian: boolean;
}

/** IFNAMSIZ of linux/if.h: 15 characters and a NUL. */
const ifnameBytes = 16;

const ifname: KeyType = {
	id: 41,
	bigEndian: false,
	bytes: ifnameBytes,
	encode(text) {
		const name = Buffer.from(text);
		if (name.length === 0 || name.length >= ifnameBytes) return undefined;
		const padded = new Uint8Array(ifnameBytes);
		padded.set(name);
		return padded;
	},
	decode(bytes) {
		const end = bytes.indexOf(0);
		return Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString();
	},
};

const ipv4Addr: KeyType = {
	id: 7,
	bigEndian: true,
	bytes: 4,
	prefixes: true,
	encode: (text) => (parseIpv4(text) === undefined ? undefined : bigEndian(ipv4ToNumber(ipv4(text)), 4)),
	decode: (bytes) => ipv4FromNumber(fromBigEndian(bytes)),
};

const ipv6Addr: KeyType = {
	id: 8,
	bigEndian: true,
	bytes: 16,
	prefixes: true,
	encode: ipv6Bytes,
	decode: ipv6Text,
};

const inetService: KeyType = {
	id: 13,
	bigEndian: true,
	bytes: 2,
	encode: (text) => (/^\d{1,5}$/.test(text) && Number(text) < 65536 ? bigEndian(Number(text), 2) : undefined),
	decode: (bytes) => String(fromBigEndian(bytes)),
};

const etherAddr: ValueType = {
	bytes: 6,
	encode: (text) =>
		parseMac(text) === undefined ? undefined : new Uint8Array(Buffer.from(text.replaceAll(":", ""), "hex")),
	decode: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":"),
};

/** The types that a set's key may be made of, by nft's names. */
export const keyTypes: Readonly<Record<NftType, KeyType>> = {
	ifname,
	ipv4_addr: ipv4Addr,
	ipv6_addr: ipv6Addr,
	inet_service: inetService,
};

/** All types of the values that a rule compares with. */
export const valueTypes = {
	...keyTypes,
	ether_addr: etherAddr,
	/** NFPROTO_* of linux/netfilter.h. */
	nf_proto: words(1, { ipv4: 2, ipv6: 10 }),
	/** IPPROTO_* of linux/in.h, by the names of /etc/protocols. */
	inet_proto: words(1, { icmp: 1, tcp: 6, udp: 17, "ipv6-icmp": 58 }),
	/** ETH_P_* of linux/if_ether.h. */
	ether_type: words(2, { ip: 0x0800, arp: 0x0806, "8021q": 0x8100, ip6: 0x86dd }),
	/** Bits of enum nft_ct_keys NFT_CT_STATE: 1 << enum ip_conntrack_info + 1. */
	ct_state: flagWords({ invalid: 1, established: 2, related: 4, new: 8, untracked: 64 }),
	/** IPS_* of linux/netfilter/nf_conntrack_common.h. */
	ct_status: flagWords({
		expected: 1,
		"seen-reply": 2,
		assured: 4,
		confirmed: 8,
		snat: 16,
		dnat: 32,
		dying: 512,
	}),
} as const satisfies Record<string, ValueType>;

/** One of several words, in network order. A number without a word is written in hex. */
function words(bytes: number, numbers: Readonly<Record<string, number>>): ValueType {
	const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
	return {
		bytes,
		encode(text) {
			const number = numbers[text] ?? (/^0x[0-9a-f]+$/.test(text) ? Number(text) : undefined);
			return number === undefined || number >= 2 ** (8 * bytes) ? undefined : bigEndian(number, bytes);
		},
		decode(value) {
			const number = fromBigEndian(value);
			return names.get(number) ?? `0x${number.toString(16)}`;
		},
	};
}

/** Several words with commas, in the order of their bits; four bytes in the machine's order (little endian). */
function flagWords(bits: Readonly<Record<string, number>>): ValueType {
	return {
		bytes: 4,
		flags: true,
		encode(text) {
			let sum = 0;
			for (const word of text.split(",")) sum |= bits[word] ?? Number.NaN;
			return text.split(",").every((word) => word in bits) ? bigEndian(sum, 4).reverse() : undefined;
		},
		decode(value) {
			const sum = fromBigEndian(Uint8Array.from(value).reverse());
			return Object.keys(bits)
				.filter((word) => (sum & (bits[word] ?? 0)) !== 0)
				.join(",");
		},
	};
}

function bigEndian(value: number, bytes: number): Uint8Array {
	return Uint8Array.from({ length: bytes }, (_, i) => (value >>> (8 * (bytes - 1 - i))) & 255);
}

function fromBigEndian(bytes: Uint8Array): number {
	return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
