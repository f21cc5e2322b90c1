import { isDeepStrictEqual } from "node:util";
import type { NftField, NftLookup, NftMatch, NftRule, NftStatement } from "../../model/nft.ts";
import { type NftExpr, registerAt, verdictCodes, wordsOf } from "./expr.ts";
import { type FieldLoad, fieldOf, fields } from "./fields.ts";
import { type MatchValue, matchText, matchValue } from "./match-value.ts";

type Load = FieldLoad & { readonly dreg: number };

/**
 * Translates a rule as nft does, except that nothing is added that the rule does not say.
 * @throws {RangeError} A value is not in nft's own form, or a port is looked at before the protocol: a fault of the driver.
 */
export function encodeRule(rule: NftRule): NftExpr[] {
	let l4proto: string | undefined;
	return rule.statements.flatMap((statement) => {
		for (const field of fieldsOf(statement)) {
			const needed = fields[field].l4proto;
			if (needed !== undefined && needed !== l4proto)
				throw new RangeError(`Cannot match "${field}": the rule must say "meta l4proto ${needed}" first`);
		}
		l4proto = l4protoAfter(statement, l4proto);
		return encodeStatement(statement);
	});
}

function encodeStatement(statement: NftStatement): NftExpr[] {
	if ("verdict" in statement) return [{ name: "immediate", verdict: verdictCodes[statement.verdict] }];
	if ("jump" in statement) return [{ name: "immediate", verdict: verdictCodes.jump, chain: statement.jump }];
	if ("masquerade" in statement) return [{ name: "masq" }];
	return "set" in statement ? encodeLookup(statement) : encodeMatch(statement);
}

function encodeMatch({ field, op, value }: NftMatch): NftExpr[] {
	const { load, type } = fields[field];
	const { data, mask } = matchValue(field, value);
	// nft has another meaning for it: "not exactly these", where a reader would take it for "none of these".
	if (type.flags && op === "!=") throw new RangeError(`Cannot match "${field}" with "!="`);
	const reg = registerAt(0);
	const loaded: NftExpr = { ...load, dreg: reg };
	if (mask === undefined) return [loaded, { name: "cmp", sreg: reg, op, data }];
	const masked: NftExpr = { name: "bitwise", reg, mask, xor: new Uint8Array(type.bytes) };
	// Flags match when any of them is set: the masked value is then something else than `data`, which is zero.
	return [loaded, masked, { name: "cmp", sreg: reg, op: type.flags ? "!=" : op, data }];
}

function encodeLookup({ fields: names, op, set }: NftLookup): NftExpr[] {
	let words = 0;
	const loads = names.map((name): NftExpr => {
		const { load, type } = fields[name];
		const dreg = registerAt(words);
		words += wordsOf(type.bytes);
		return { ...load, dreg };
	});
	return [...loads, { name: "lookup", sreg: registerAt(0), set, op }];
}

/** @returns undefined when the expressions are not exactly what {@link encodeRule} makes: the rule is not one of weft's. */
export function decodeRule(exprs: readonly NftExpr[]): NftRule | undefined {
	const statements: NftStatement[] = [];
	let l4proto: string | undefined;
	let loads: Load[] = [];
	let mask: Uint8Array | undefined;
	for (const expr of exprs) {
		if (isLoad(expr)) {
			loads.push(expr);
			continue;
		}
		if (expr.name === "bitwise") {
			mask = expr.mask;
			continue;
		}
		const names = loads.map((load) => fieldOf(load, l4proto));
		const statement = names.includes(undefined) ? undefined : decodeStatement(expr, names as NftField[], mask);
		if (statement === undefined) return undefined;
		statements.push(statement);
		l4proto = l4protoAfter(statement, l4proto);
		loads = [];
		mask = undefined;
	}
	const rule = { statements };
	return encodesTo(rule, exprs) ? rule : undefined;
}

function decodeStatement(
	expr: NftExpr,
	names: readonly NftField[],
	mask: Uint8Array | undefined,
): NftStatement | undefined {
	switch (expr.name) {
		case "masq":
			return { masquerade: true };
		case "immediate":
			return decodeVerdict(expr.verdict, expr.chain);
		case "lookup":
			return { fields: names, op: expr.op, set: expr.set };
		case "cmp": {
			const field = names[0];
			return field === undefined ? undefined : decodeMatch(field, expr.op, { data: expr.data, mask });
		}
		default:
			return undefined;
	}
}

function decodeMatch(field: NftField, op: NftMatch["op"], value: MatchValue): NftMatch | undefined {
	const text = matchText(field, value);
	return text === undefined ? undefined : { field, op: fields[field].type.flags ? "==" : op, value: text };
}

function decodeVerdict(code: number, chain: string | undefined): NftStatement | undefined {
	if (code === verdictCodes.jump) return chain === undefined ? undefined : { jump: chain };
	for (const verdict of ["accept", "drop", "return"] as const) if (verdictCodes[verdict] === code) return { verdict };
	return undefined;
}

/** What was read loosely is written again and compared: so nothing in `exprs` can go unnoticed. */
function encodesTo(rule: NftRule, exprs: readonly NftExpr[]): boolean {
	try {
		return isDeepStrictEqual(encodeRule(rule), exprs);
	} catch (error) {
		if (error instanceof RangeError) return false;
		throw error;
	}
}

function isLoad(expr: NftExpr): expr is Load {
	return expr.name === "meta" || expr.name === "ct" || expr.name === "payload";
}

function fieldsOf(statement: NftStatement): readonly NftField[] {
	if ("fields" in statement) return statement.fields;
	return "field" in statement ? [statement.field] : [];
}

function l4protoAfter(statement: NftStatement, before: string | undefined): string | undefined {
	return "field" in statement && statement.field === "meta l4proto" && statement.op === "==" ? statement.value : before;
}
