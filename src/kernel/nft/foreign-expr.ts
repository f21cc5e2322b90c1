import { Attributes } from "../netlink/attributes.ts";
import { type NftExpr, verdictCodes } from "./expr.ts";
import { readExpr } from "./expr-attributes.ts";
import { fieldOf, fields } from "./fields.ts";
import { noAttributes } from "./message.ts";
import { valueTypes } from "./types.ts";
import { NFTA } from "./uapi.ts";

/** What iptables and firewalls write that weft does not. A `member` is the payload of one member of NFTA_RULE_EXPRESSIONS. */

/** @returns Whether an expression changes nothing about what its rule does: iptables adds both when it restores what it saved. */
export function isRemark(member: Buffer): boolean {
	return nameOf(member) === "counter" || xtablesComment(member) !== undefined;
}

/** @returns The text of iptables' `-m comment`. */
export function xtablesComment(member: Buffer): string | undefined {
	const data = dataOf(member);
	if (nameOf(member) !== "match" || data.string(NFTA.MATCH_NAME) !== "comment") return undefined;
	return data.string(NFTA.MATCH_INFO);
}

/** @returns Whether it ends the way of whatever comes to it. */
export function refuses(member: Buffer): boolean {
	if (nameOf(member) === "reject") return true;
	if (nameOf(member) === "target") return dataOf(member).string(NFTA.TARGET_NAME) === "REJECT";
	const expr = readExpr(member);
	return expr?.name === "immediate" && expr.verdict === verdictCodes.drop;
}

/** iptables compares the name of an interface up to its NUL, and nft all of the register, which holds nothing but NULs behind it. */
export function withWholeNames(exprs: readonly NftExpr[]): NftExpr[] {
	return exprs.map((expr, i) => {
		const loaded = exprs[i - 1];
		const field = loaded?.name === "meta" ? fieldOf(loaded, undefined) : undefined;
		if (expr.name !== "cmp" || field === undefined || fields[field].type !== valueTypes.ifname) return expr;
		if (expr.data.at(-1) !== 0 || expr.data.length >= valueTypes.ifname.bytes) return expr;
		const whole = new Uint8Array(valueTypes.ifname.bytes);
		whole.set(expr.data);
		return { ...expr, data: whole };
	});
}

function nameOf(member: Buffer): string | undefined {
	return new Attributes(member).string(NFTA.EXPR_NAME);
}

function dataOf(member: Buffer): Attributes {
	return new Attributes(member).nested(NFTA.EXPR_DATA) ?? noAttributes;
}
