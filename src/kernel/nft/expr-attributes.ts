import { Attributes } from "../netlink/attributes.ts";
import type { MessageWriter } from "../netlink/message.ts";
import type { NftExpr } from "./expr.ts";
import { noAttributes } from "./message.ts";
import { NFTA } from "./uapi.ts";

/** NFT_REG_VERDICT of enum nft_registers. */
const verdictRegister = 0;
/** enum nft_cmp_ops. */
const cmpEqual = 0;
const cmpNotEqual = 1;
/** NFT_LOOKUP_F_INV. */
const lookupInverted = 1;

/** Writes one expression as a member of NFTA_RULE_EXPRESSIONS. */
export function writeExpr(writer: MessageWriter, expr: NftExpr): void {
	writer.nest(NFTA.LIST_ELEM, () => {
		writer.attributeString(NFTA.EXPR_NAME, expr.name).nest(NFTA.EXPR_DATA, () => writeData(writer, expr));
	});
}

function writeData(w: MessageWriter, expr: NftExpr): void {
	switch (expr.name) {
		case "meta":
			w.attributeU32be(NFTA.META_KEY, expr.key).attributeU32be(NFTA.META_DREG, expr.dreg);
			return;
		case "ct":
			w.attributeU32be(NFTA.CT_KEY, expr.key).attributeU32be(NFTA.CT_DREG, expr.dreg);
			return;
		case "payload":
			w.attributeU32be(NFTA.PAYLOAD_DREG, expr.dreg)
				.attributeU32be(NFTA.PAYLOAD_BASE, expr.base)
				.attributeU32be(NFTA.PAYLOAD_OFFSET, expr.offset)
				.attributeU32be(NFTA.PAYLOAD_LEN, expr.bytes);
			return;
		case "bitwise":
			w.attributeU32be(NFTA.BITWISE_SREG, expr.reg)
				.attributeU32be(NFTA.BITWISE_DREG, expr.reg)
				.attributeU32be(NFTA.BITWISE_LEN, expr.mask.length)
				.nest(NFTA.BITWISE_MASK, () => w.attribute(NFTA.DATA_VALUE, expr.mask))
				.nest(NFTA.BITWISE_XOR, () => w.attribute(NFTA.DATA_VALUE, expr.xor));
			return;
		case "cmp":
			w.attributeU32be(NFTA.CMP_SREG, expr.sreg)
				.attributeU32be(NFTA.CMP_OP, expr.op === "==" ? cmpEqual : cmpNotEqual)
				.nest(NFTA.CMP_DATA, () => w.attribute(NFTA.DATA_VALUE, expr.data));
			return;
		case "lookup":
			w.attributeString(NFTA.LOOKUP_SET, expr.set).attributeU32be(NFTA.LOOKUP_SREG, expr.sreg);
			if (expr.op === "!=") w.attributeU32be(NFTA.LOOKUP_FLAGS, lookupInverted);
			return;
		case "immediate":
			w.attributeU32be(NFTA.IMMEDIATE_DREG, verdictRegister).nest(NFTA.IMMEDIATE_DATA, () =>
				w.nest(NFTA.DATA_VERDICT, () => {
					w.attributeU32be(NFTA.VERDICT_CODE, expr.verdict);
					if (expr.chain !== undefined) w.attributeString(NFTA.VERDICT_CHAIN, expr.chain);
				}),
			);
			return;
		case "masq":
			return;
	}
}

/** @param member The payload of one member of NFTA_RULE_EXPRESSIONS. @returns undefined for one that weft's rules have no use for. */
export function readExpr(member: Buffer): NftExpr | undefined {
	const attributes = new Attributes(member);
	const data = attributes.nested(NFTA.EXPR_DATA) ?? noAttributes;
	switch (attributes.string(NFTA.EXPR_NAME)) {
		case "meta":
			return readMeta(data);
		case "ct":
			return readCt(data);
		case "payload":
			return readPayload(data);
		case "bitwise":
			return readBitwise(data);
		case "cmp":
			return readCmp(data);
		case "lookup":
			return readLookup(data);
		case "immediate":
			return readImmediate(data);
		case "masq":
			return data.has(NFTA.MASQ_FLAGS) || data.has(NFTA.MASQ_REG_PROTO_MIN) ? undefined : { name: "masq" };
		default:
			return undefined;
	}
}

function readMeta(data: Attributes): NftExpr | undefined {
	const key = data.u32be(NFTA.META_KEY);
	const dreg = data.u32be(NFTA.META_DREG);
	return key === undefined || dreg === undefined ? undefined : { name: "meta", key, dreg };
}

function readCt(data: Attributes): NftExpr | undefined {
	const key = data.u32be(NFTA.CT_KEY);
	const dreg = data.u32be(NFTA.CT_DREG);
	if (key === undefined || dreg === undefined || data.has(NFTA.CT_DIRECTION)) return undefined;
	return { name: "ct", key, dreg };
}

function readPayload(data: Attributes): NftExpr | undefined {
	const dreg = data.u32be(NFTA.PAYLOAD_DREG);
	const base = data.u32be(NFTA.PAYLOAD_BASE);
	const offset = data.u32be(NFTA.PAYLOAD_OFFSET);
	const bytes = data.u32be(NFTA.PAYLOAD_LEN);
	if (dreg === undefined || base === undefined || offset === undefined || bytes === undefined) return undefined;
	return { name: "payload", base, offset, bytes, dreg };
}

function readBitwise(data: Attributes): NftExpr | undefined {
	const reg = data.u32be(NFTA.BITWISE_SREG);
	const mask = valueOf(data.nested(NFTA.BITWISE_MASK));
	const xor = valueOf(data.nested(NFTA.BITWISE_XOR));
	if (reg === undefined || reg !== data.u32be(NFTA.BITWISE_DREG) || mask === undefined || xor === undefined)
		return undefined;
	return { name: "bitwise", reg, mask, xor };
}

function readCmp(data: Attributes): NftExpr | undefined {
	const sreg = data.u32be(NFTA.CMP_SREG);
	const code = data.u32be(NFTA.CMP_OP);
	const value = valueOf(data.nested(NFTA.CMP_DATA));
	if (sreg === undefined || value === undefined || (code !== cmpEqual && code !== cmpNotEqual)) return undefined;
	return { name: "cmp", sreg, op: code === cmpEqual ? "==" : "!=", data: value };
}

function readLookup(data: Attributes): NftExpr | undefined {
	const set = data.string(NFTA.LOOKUP_SET);
	const sreg = data.u32be(NFTA.LOOKUP_SREG);
	if (set === undefined || sreg === undefined || data.has(NFTA.LOOKUP_DREG)) return undefined;
	return { name: "lookup", sreg, set, op: data.u32be(NFTA.LOOKUP_FLAGS) === lookupInverted ? "!=" : "==" };
}

function readImmediate(data: Attributes): NftExpr | undefined {
	const verdict = data.nested(NFTA.IMMEDIATE_DATA)?.nested(NFTA.DATA_VERDICT);
	const code = verdict?.u32be(NFTA.VERDICT_CODE);
	if (code === undefined || data.u32be(NFTA.IMMEDIATE_DREG) !== verdictRegister) return undefined;
	const chain = verdict?.string(NFTA.VERDICT_CHAIN);
	const signed = { name: "immediate", verdict: code | 0 } as const;
	return chain === undefined ? signed : { ...signed, chain };
}

/** @returns A copy: the receive buffer is used again. */
function valueOf(data: Attributes | undefined): Uint8Array | undefined {
	const bytes = data?.bytes(NFTA.DATA_VALUE);
	return bytes === undefined ? undefined : Uint8Array.from(bytes);
}
