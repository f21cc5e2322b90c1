import { type Ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4 } from "./address.ts";

declare const brand: unique symbol;

/** An IPv4 prefix in network form: "10.0.0.0/24" (no host bits set). */
export type Prefix = string & { readonly [brand]: "Prefix" };

/** An address with the length of its network: "10.0.0.2/24". */
export type Cidr = string & { readonly [brand]: "Cidr" };

/** A prefix as numbers, for arithmetic. `first` and `last` are unsigned and inclusive. */
export interface Span {
	readonly first: number;
	readonly last: number;
	readonly bits: number;
}

/** @returns undefined when `text` is not "a.b.c.d/n". Host bits may be set: see {@link parsePrefix}. */
export function parseCidr(text: string): { address: Ipv4; bits: number } | undefined {
	const slash = text.indexOf("/");
	const address = slash < 0 ? undefined : parseIpv4(text.slice(0, slash));
	const length = text.slice(slash + 1);
	if (address === undefined || !/^(0|[1-9]\d?)$/.test(length) || Number(length) > 32) return undefined;
	return { address, bits: Number(length) };
}

/** @returns undefined when `text` is no prefix, or has host bits set ("10.0.0.1/24"). */
export function parsePrefix(text: string): Prefix | undefined {
	const cidr = parseCidr(text);
	return cidr !== undefined && networkOf(cidr.address, cidr.bits) === text ? (text as Prefix) : undefined;
}

/** For literals and for text that was validated before. @throws {TypeError} `text` is no prefix in network form. */
export function prefix(text: string): Prefix {
	const parsed = parsePrefix(text);
	if (parsed === undefined) throw new TypeError(`Cannot read "${text}" as a prefix in network form`);
	return parsed;
}

/** @returns The prefix of length `bits` that holds `address`. */
export function networkOf(address: Ipv4, bits: number): Prefix {
	const size = 2 ** (32 - bits);
	return `${ipv4FromNumber(Math.floor(ipv4ToNumber(address) / size) * size)}/${bits}` as Prefix;
}

export function spanOf(prefix: Prefix): Span {
	const slash = prefix.indexOf("/");
	const bits = Number(prefix.slice(slash + 1));
	const first = ipv4ToNumber(prefix.slice(0, slash) as Ipv4);
	return { first, last: first + 2 ** (32 - bits) - 1, bits };
}

export function prefixBits(prefix: Prefix): number {
	return Number(prefix.slice(prefix.indexOf("/") + 1));
}

export function prefixContains(prefix: Prefix, address: Ipv4): boolean {
	const { first, last } = spanOf(prefix);
	const value = ipv4ToNumber(address);
	return value >= first && value <= last;
}

export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
	const x = spanOf(a);
	const y = spanOf(b);
	return x.first <= y.last && y.first <= x.last;
}

/** @returns `address` with the length of `network`: ("10.0.0.2", "10.0.0.0/24") is "10.0.0.2/24". */
export function cidrIn(address: Ipv4, network: Prefix): Cidr {
	return `${address}/${prefixBits(network)}` as Cidr;
}
