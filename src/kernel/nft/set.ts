import type { NftFamily, NftSet, NftType } from "../../model/nft.ts";
import { Attributes } from "../netlink/attributes.ts";
import { type Message, NLM_F_CREATE, type Request } from "../netlink/message.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { wordsOf } from "./expr.ts";
import { anyFamily, familyOf, nftAttributes, nftMessage, readAll } from "./message.ts";
import { keyTypes } from "./types.ts";
import { NFT_MSG, NFTA } from "./uapi.ts";

/** A set as the kernel holds it. */
export interface HeldSet {
	readonly family: NftFamily;
	readonly table: string;
	readonly name: string;
	/** undefined when it is of a sort that weft never makes (maps, intervals, other types). */
	readonly type: readonly NftType[] | undefined;
}

/** Each type of a concatenation takes so many bits of NFTA_SET_KEY_TYPE (nft: TYPE_BITS). */
const typeBits = 6;

/** User data of a set by which `nft list` knows the order of the key's bytes (nft: NFTNL_UDATA_SET_KEYBYTEORDER, enum byteorder). */
const udataKeyByteOrder = 0;
const byteOrders = { concatenated: 0, host: 1, big: 2 } as const;

/** @param id Unique within the transaction. */
export function newSet(family: NftFamily, table: string, { name, type }: NftSet, id: number): Request {
	return nftMessage(NFT_MSG.NEWSET, family, NLM_F_CREATE)
		.attributeString(NFTA.SET_TABLE, table)
		.attributeString(NFTA.SET_NAME, name)
		.attributeU32be(NFTA.SET_FLAGS, 0)
		.attributeU32be(NFTA.SET_KEY_TYPE, typeNumber(type))
		.attributeU32be(NFTA.SET_KEY_LEN, keyLength(type))
		.attributeU32be(NFTA.SET_ID, id)
		.attribute(NFTA.SET_USERDATA, byteOrderUdata(type))
		.finish();
}

/** @throws {Errno} ENOENT */
export function getSet(socket: NetlinkSocket, family: NftFamily, table: string, name: string): HeldSet {
	const request = nftMessage(NFT_MSG.GETSET, family)
		.attributeString(NFTA.SET_TABLE, table)
		.attributeString(NFTA.SET_NAME, name)
		.finish();
	return readSet(socket.get(request)) ?? { family, table, name, type: undefined };
}

/** @returns All sets of the namespace. */
export function dumpSets(socket: NetlinkSocket): HeldSet[] {
	return readAll(socket, nftMessage(NFT_MSG.GETSET, anyFamily), readSet);
}

/** @returns The elements of one set; none when it is gone, or of a sort that weft never makes. */
export function dumpElements(socket: NetlinkSocket, { family, table, name, type }: HeldSet): string[][] {
	if (type === undefined) return [];
	const writer = nftMessage(NFT_MSG.GETSETELEM, family)
		.attributeString(NFTA.SET_ELEM_LIST_TABLE, table)
		.attributeString(NFTA.SET_ELEM_LIST_SET, name);
	return readAll(socket, writer, (message) => readElements(message, type)).flat();
}

/** @returns undefined for a set of a family that weft has no use for. */
function readSet(message: Message): HeldSet | undefined {
	const attributes = nftAttributes(message);
	const family = familyOf(message);
	const table = attributes.string(NFTA.SET_TABLE);
	const name = attributes.string(NFTA.SET_NAME);
	if (family === undefined || table === undefined || name === undefined) return undefined;
	const flags = attributes.u32be(NFTA.SET_FLAGS) ?? 0;
	const type = flags === 0 ? typesOf(attributes.u32be(NFTA.SET_KEY_TYPE) ?? 0) : undefined;
	return { family, table, name, type };
}

/** Adds or deletes one element. To add what is there succeeds; to delete what is not there is ENOENT. */
export function elementMessage(
	verb: "add" | "del",
	{ family, table, name, type }: { family: NftFamily; table: string; name: string; type: readonly NftType[] },
	element: readonly string[],
): Request {
	const adding = verb === "add";
	return nftMessage(adding ? NFT_MSG.NEWSETELEM : NFT_MSG.DELSETELEM, family, adding ? NLM_F_CREATE : 0)
		.attributeString(NFTA.SET_ELEM_LIST_TABLE, table)
		.attributeString(NFTA.SET_ELEM_LIST_SET, name)
		.nest(NFTA.SET_ELEM_LIST_ELEMENTS, (w) => {
			w.nest(NFTA.LIST_ELEM, () => {
				w.nest(NFTA.SET_ELEM_KEY, () => w.attribute(NFTA.DATA_VALUE, encodeKey(type, element)));
			});
		})
		.finish();
}

/** @returns The elements that one message of a dump holds. */
function readElements(message: Message, type: readonly NftType[]): string[][] {
	return nftAttributes(message)
		.list(NFTA.SET_ELEM_LIST_ELEMENTS)
		.flatMap((member) => {
			const key = new Attributes(member).nested(NFTA.SET_ELEM_KEY)?.bytes(NFTA.DATA_VALUE);
			return key === undefined || key.length !== keyLength(type) ? [] : [decodeKey(type, key)];
		});
}

/** @throws {RangeError} A part is no value of its type. */
function encodeKey(type: readonly NftType[], element: readonly string[]): Uint8Array {
	const key = new Uint8Array(keyLength(type));
	let at = 0;
	for (const [i, name] of type.entries()) {
		const value = keyTypes[name].encode(element[i] ?? "");
		if (value === undefined || element.length !== type.length)
			throw new RangeError(`Cannot write the element "${element.join(" . ")}": not of type ${type.join(" . ")}`);
		key.set(value, at);
		at += 4 * wordsOf(value.length);
	}
	return key;
}

function decodeKey(type: readonly NftType[], key: Uint8Array): string[] {
	let at = 0;
	return type.map((name) => {
		const { bytes, decode } = keyTypes[name];
		const value = decode(key.subarray(at, at + bytes));
		at += 4 * wordsOf(bytes);
		return value;
	});
}

/** Each part begins at a multiple of four bytes; the only part is not padded. */
function keyLength(type: readonly NftType[]): number {
	const [first, ...rest] = type;
	if (first !== undefined && rest.length === 0) return keyTypes[first].bytes;
	return type.reduce((sum, name) => sum + 4 * wordsOf(keyTypes[name].bytes), 0);
}

function typeNumber(type: readonly NftType[]): number {
	return type.reduce((number, name) => (number << typeBits) | keyTypes[name].id, 0);
}

function typesOf(number: number): NftType[] | undefined {
	const types: NftType[] = [];
	for (let rest = number; rest > 0; rest >>>= typeBits) {
		const id = rest & (2 ** typeBits - 1);
		const name = (Object.keys(keyTypes) as NftType[]).find((one) => keyTypes[one].id === id);
		if (name === undefined) return undefined;
		types.unshift(name);
	}
	return types;
}

function byteOrderUdata([first, ...rest]: readonly NftType[]): Uint8Array {
	const single = first !== undefined && rest.length === 0 ? keyTypes[first] : undefined;
	const order = single === undefined ? "concatenated" : single.bigEndian ? "big" : "host";
	// Type, length, and a number in the machine's order.
	return Uint8Array.of(udataKeyByteOrder, 4, byteOrders[order], 0, 0, 0);
}
