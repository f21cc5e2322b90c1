import { Address4 } from "ip-address";

declare const brand: unique symbol;

/** An IPv4 address in dotted form, without leading zeros: "10.0.0.2". */
export type Ipv4 = string & { readonly [brand]: "Ipv4" };

/** A MAC address in lower case with colons: "02:42:0a:00:00:02". */
export type Mac = string & { readonly [brand]: "Mac" };

/** @returns undefined when `text` is not one IPv4 address in dotted decimal form ("10.1", "010.0.0.1", "10.0.0.1/24" are not). */
export function parseIpv4(text: string): Ipv4 | undefined {
	if (text.includes("/") || !Address4.isValid(text)) return undefined;
	const address = new Address4(text).correctForm();
	return address === text ? (address as Ipv4) : undefined;
}

/** For literals and for text that was validated before. @throws {TypeError} `text` is no IPv4 address. */
export function ipv4(text: string): Ipv4 {
	const address = parseIpv4(text);
	if (address === undefined) throw new TypeError(`Cannot read "${text}" as an IPv4 address`);
	return address;
}

/** @returns The address as an unsigned 32-bit number, network order. */
export function ipv4ToNumber(address: Ipv4): number {
	let value = 0;
	let octet = 0;
	for (let i = 0; i < address.length; i++) {
		const c = address.charCodeAt(i);
		if (c === 46) {
			value = value * 256 + octet;
			octet = 0;
		} else octet = octet * 10 + c - 48;
	}
	return value * 256 + octet;
}

/** @param value Unsigned, below 2^32. */
export function ipv4FromNumber(value: number): Ipv4 {
	return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ipv4;
}

/** @returns undefined when `text` is not six hex octets with colons. */
export function parseMac(text: string): Mac | undefined {
	return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text) ? (text.toLowerCase() as Mac) : undefined;
}

/** @throws {TypeError} `text` is no MAC address. */
export function mac(text: string): Mac {
	const parsed = parseMac(text);
	if (parsed === undefined) throw new TypeError(`Cannot read "${text}" as a MAC address`);
	return parsed;
}

/**
 * The MAC address of an endpoint follows from its IPv4 address, as Docker's overlay does it (02:42 and the address),
 * so a neighbour entry stays right when an address moves to another host.
 */
export function macOf(address: Ipv4): Mac {
	const hex = ipv4ToNumber(address).toString(16).padStart(8, "0");
	return `02:42:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6, 8)}` as Mac;
}
