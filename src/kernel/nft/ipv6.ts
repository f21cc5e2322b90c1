import { isIPv6 } from "node:net";

/** @returns The 16 bytes of an IPv6 address, undefined when `text` is none (a zone or an embedded IPv4 address is not taken). */
export function ipv6Bytes(text: string): Uint8Array | undefined {
	if (!isIPv6(text) || /[%.]/.test(text)) return undefined;
	const [head = "", tail] = text.split("::");
	const left = groups(head);
	const right = groups(tail ?? "");
	const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
	return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function groups(text: string): number[] {
	return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}

/** @returns The form of RFC 5952 ("fe80::1"): the longest run of zero groups is left out. */
export function ipv6Text(bytes: Uint8Array): string {
	const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
	const full = Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2).toString(16)).join(":");
	return new URL(`http://[${full}]/`).hostname.slice(1, -1);
}
