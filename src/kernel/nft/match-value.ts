import type { NftField } from "../../model/nft.ts";
import { fields } from "./fields.ts";
import type { ValueType } from "./types.ts";

/** What a match compares: all of the loaded bytes, or those that `mask` leaves. */
export interface MatchValue {
	readonly data: Uint8Array;
	readonly mask?: Uint8Array | undefined;
}

/**
 * @returns For flags the mask is the value, and `data` is zero: the comparison asks whether any bit is left.
 * @throws {RangeError} `text` is no value of the field, or not in the form in which the kernel's answer is read back.
 */
export function matchValue(field: NftField, text: string): MatchValue {
	const { type } = fields[field];
	const value = type.flags ? flagsValue(type, text) : (prefixValue(type, text) ?? plainValue(type, text));
	if (value === undefined || matchText(field, value) !== text)
		throw new RangeError(`Cannot match "${field}" with "${text}": not in nft's own form`);
	return value;
}

/** @returns undefined when the field has no such value. */
export function matchText(field: NftField, { data, mask }: MatchValue): string | undefined {
	const { type } = fields[field];
	if (data.length !== type.bytes) return undefined;
	if (type.flags) return mask === undefined ? undefined : type.decode(mask);
	if (mask === undefined) return type.decode(data);
	const bits = leadingOnes(mask);
	return bits === undefined || !type.prefixes ? undefined : `${type.decode(data)}/${bits}`;
}

function plainValue(type: ValueType, text: string): MatchValue | undefined {
	const data = type.encode(text);
	return data === undefined ? undefined : { data };
}

function flagsValue(type: ValueType, text: string): MatchValue | undefined {
	const mask = type.encode(text);
	return mask === undefined ? undefined : { data: new Uint8Array(type.bytes), mask };
}

function prefixValue(type: ValueType, text: string): MatchValue | undefined {
	const [address = "", length = ""] = text.split("/");
	const data = type.prefixes && /^\d+$/.test(length) ? type.encode(address) : undefined;
	if (data === undefined || Number(length) > 8 * type.bytes) return undefined;
	const mask = Uint8Array.from(data, (_, i) => 0xff00 >> Math.min(8, Math.max(0, Number(length) - 8 * i)));
	return data.some((byte, i) => (byte & ~(mask[i] ?? 0)) !== 0) ? undefined : { data, mask };
}

function leadingOnes(mask: Uint8Array): number | undefined {
	const bits = Array.from(mask, (byte) => byte.toString(2).padStart(8, "0")).join("");
	return /^1*0*$/.test(bits) ? bits.replace(/0+$/, "").length : undefined;
}
