import type { NftFamily, NftRule } from "../../model/nft.ts";
import { type Message, NLM_F_APPEND, NLM_F_CREATE, type Request } from "../netlink/message.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import type { NftExpr } from "./expr.ts";
import { readExpr, writeExpr } from "./expr-attributes.ts";
import { isRemark, refuses, withWholeNames, xtablesComment } from "./foreign-expr.ts";
import { anyFamily, familyOf, nftAttributes, nftMessage, readAll } from "./message.ts";
import { decodeRule, encodeRule } from "./rule-codec.ts";
import { NFT_MSG, NFTA } from "./uapi.ts";

/** Where a rule stands. */
export interface RulePlace {
	readonly family: NftFamily;
	readonly table: string;
	readonly chain: string;
}

/** A rule as the kernel holds it. */
export interface HeldRule extends RulePlace {
	readonly handle: bigint;
	readonly comment: string | undefined;
	/** undefined when it is none that weft could have written. */
	readonly rule: NftRule | undefined;
	/** It drops or rejects whatever comes to it. */
	readonly refusesAll: boolean;
}

/** The type of a comment in a rule's user data (nft: enum nftnl_udata_rule_types), which `nft list` prints. */
const udataComment = 0;
/** With its NUL (nft: NFTNL_UDATA_COMMENT_MAXLEN). */
const maxCommentBytes = 128;

/** @param at "end" of the chain, or its "head". */
export function newRule(place: RulePlace, rule: NftRule, at: "head" | "end", comment?: string): Request {
	const writer = nftMessage(NFT_MSG.NEWRULE, place.family, NLM_F_CREATE | (at === "end" ? NLM_F_APPEND : 0))
		.attributeString(NFTA.RULE_TABLE, place.table)
		.attributeString(NFTA.RULE_CHAIN, place.chain)
		.nest(NFTA.RULE_EXPRESSIONS, (w) => {
			for (const expr of encodeRule(rule)) writeExpr(w, expr);
		});
	if (comment !== undefined) writer.attribute(NFTA.RULE_USERDATA, writeComment(comment));
	return writer.finish();
}

export function delRule({ family, table, chain, handle }: HeldRule): Request {
	return nftMessage(NFT_MSG.DELRULE, family)
		.attributeString(NFTA.RULE_TABLE, table)
		.attributeString(NFTA.RULE_CHAIN, chain)
		.attributeU64be(NFTA.RULE_HANDLE, handle)
		.finish();
}

/** @returns All rules of the namespace, or those of one chain: none when there is no such chain. */
export function dumpRules(socket: NetlinkSocket, place?: RulePlace): HeldRule[] {
	const writer = nftMessage(NFT_MSG.GETRULE, place?.family ?? anyFamily);
	if (place !== undefined)
		writer.attributeString(NFTA.RULE_TABLE, place.table).attributeString(NFTA.RULE_CHAIN, place.chain);
	return readAll(socket, writer, readRule);
}

/** @returns undefined for a rule of a family that weft has no use for. */
function readRule(message: Message): HeldRule | undefined {
	const attributes = nftAttributes(message);
	const family = familyOf(message);
	const table = attributes.string(NFTA.RULE_TABLE);
	const chain = attributes.string(NFTA.RULE_CHAIN);
	const handle = attributes.u64be(NFTA.RULE_HANDLE);
	if (family === undefined || table === undefined || chain === undefined || handle === undefined) return undefined;
	const members = attributes.list(NFTA.RULE_EXPRESSIONS);
	const doing = members.filter((member) => !isRemark(member));
	return {
		family,
		table,
		chain,
		handle,
		comment: readComment(attributes.bytes(NFTA.RULE_USERDATA)) ?? firstOf(members, xtablesComment),
		rule: readExprs(doing),
		refusesAll: doing.length === 1 && doing.every(refuses),
	};
}

function readExprs(members: readonly Buffer[]): NftRule | undefined {
	const exprs: NftExpr[] = [];
	for (const member of members) {
		const expr = readExpr(member);
		if (expr === undefined) return undefined;
		exprs.push(expr);
	}
	return decodeRule(withWholeNames(exprs));
}

function firstOf<T>(members: readonly Buffer[], read: (member: Buffer) => T | undefined): T | undefined {
	for (const member of members) {
		const value = read(member);
		if (value !== undefined) return value;
	}
	return undefined;
}

/** User data is a list of: type, length, value; one byte each for the first two. */
function writeComment(comment: string): Uint8Array {
	const text = Buffer.from(`${comment}\0`);
	if (text.length > maxCommentBytes)
		throw new RangeError(`Cannot write a comment of ${text.length} bytes: at most ${maxCommentBytes}`);
	return Buffer.from([udataComment, text.length, ...text]);
}

function readComment(userdata: Buffer | undefined): string | undefined {
	if (userdata === undefined) return undefined;
	for (let at = 0; at + 2 <= userdata.length; at += 2 + userdata.readUInt8(at + 1)) {
		if (userdata.readUInt8(at) !== udataComment) continue;
		return userdata.toString("utf8", at + 2, at + 1 + userdata.readUInt8(at + 1));
	}
	return undefined;
}
