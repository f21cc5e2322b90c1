import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { NftField, NftRule, NftStatement } from "../../model/nft.ts";
import type { NftExpr } from "./expr.ts";
import { fields } from "./fields.ts";
import { decodeRule, encodeRule } from "./rule-codec.ts";
import { keyTypes, valueTypes } from "./types.ts";

const ifname = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,14}$/);
const octet = fc.nat(255);
const address = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));

/** Values of each type, in the form in which they are read back. */
const values = new Map<object, fc.Arbitrary<string>>([
	[valueTypes.ifname, ifname],
	[valueTypes.ipv4_addr, fc.oneof(address, fc.constantFrom("0.0.0.0/0", "10.0.0.0/9", "172.18.0.0/16", "10.0.0.1/32"))],
	[valueTypes.ipv6_addr, fc.constantFrom("::", "::1", "fe80::/10", "2001:db8:0:1::2", "1:2:3:4:5:6:7:8", "::/0")],
	[valueTypes.inet_service, fc.nat(65535).map(String)],
	[valueTypes.ether_addr, fc.tuple(octet, octet).map(([a, b]) => `02:42:00:ff:${hex(a)}:${hex(b)}`)],
	[valueTypes.nf_proto, fc.constantFrom("ipv4", "ipv6")],
	[valueTypes.inet_proto, fc.constantFrom("icmp", "tcp", "udp", "0x29")],
	[valueTypes.ether_type, fc.constantFrom("ip", "arp", "ip6", "8021q", "0x88cc")],
	[valueTypes.ct_state, fc.constantFrom("established,related", "new", "invalid,untracked")],
	[valueTypes.ct_status, fc.constantFrom("dnat", "snat,dnat", "dying")],
]);

function hex(byte: number): string {
	return byte.toString(16).padStart(2, "0");
}

const op = fc.constantFrom("==" as const, "!=" as const);
const name = fc.constantFrom(...(Object.keys(fields) as NftField[]));
const match = name.chain((field) =>
	fc.record({
		field: fc.constant(field),
		op: fields[field].type.flags ? fc.constant("==" as const) : op,
		value: values.get(fields[field].type) ?? fc.constant(""),
	}),
);
const lookup = fc.record({ fields: fc.array(name, { minLength: 1, maxLength: 3 }), op, set: ifname });
const statement: fc.Arbitrary<NftStatement> = fc.oneof(
	match,
	lookup,
	fc.record({ verdict: fc.constantFrom("accept" as const, "drop" as const, "return" as const) }),
	fc.record({ jump: ifname }),
	fc.constant({ masquerade: true as const }),
);

/** Says the protocol in front of each look at a port. */
function withProtocol(statements: readonly NftStatement[]): NftRule {
	return {
		statements: statements.flatMap((one) => {
			const names = "fields" in one ? one.fields : "field" in one ? [one.field] : [];
			const protocols = new Set(names.map((field) => fields[field].l4proto).filter((proto) => proto !== undefined));
			if (protocols.size > 1) return [];
			return [...[...protocols].map((value) => ({ field: "meta l4proto", op: "==", value }) as const), one];
		}),
	};
}

test("decodeRule() reads back what encodeRule() wrote", () => {
	fc.assert(
		fc.property(fc.array(statement, { maxLength: 6 }).map(withProtocol), (generated) => {
			// Generated objects lack a prototype, which the comparison would count.
			const rule = structuredClone(generated);
			assert.deepEqual(decodeRule(encodeRule(rule)), rule);
		}),
	);
});

test("encodeRule() tests flags with a mask, as nft does", () => {
	assert.deepEqual(encodeRule({ statements: [{ field: "ct state", op: "==", value: "established,related" }] }), [
		{ name: "ct", key: 0, dreg: 1 },
		{ name: "bitwise", reg: 1, mask: Uint8Array.of(6, 0, 0, 0), xor: new Uint8Array(4) },
		{ name: "cmp", sreg: 1, op: "!=", data: new Uint8Array(4) },
	]);
});

test("encodeRule() loads the parts of a concatenation side by side", () => {
	const rule = { statements: [{ fields: ["iifname", "ip saddr", "ip daddr"], op: "==", set: "s" }] } as const;
	assert.deepEqual(
		encodeRule(rule).map((expr) => ("dreg" in expr ? expr.dreg : expr.name)),
		[1, 2, 13, "lookup"],
	);
});

test("encodeRule() refuses a value that would read back in another form", () => {
	for (const [field, value] of [
		["ip saddr", "10.0.0.1/8"],
		["ip saddr", "10.1"],
		["ip6 saddr", "FE80::1"],
		["ct state", "related,established"],
		["ct state", "nonsense"],
		["iifname", "sixteencharacter"],
		["meta l4proto", "0x11"],
		["ether saddr", "02:42:0A:00:00:02"],
	] as const)
		assert.throws(() => encodeRule({ statements: [{ field, op: "==", value }] }), RangeError, value);
});

test("encodeRule() refuses flags with !=, which nft understands in another way", () => {
	const statement = { field: "ct state", op: "!=", value: "new" } as const;
	assert.throws(() => encodeRule({ statements: [statement] }), RangeError);
});

test("encodeRule() refuses a port without its protocol", () => {
	assert.throws(() => encodeRule({ statements: [{ field: "udp dport", op: "==", value: "53" }] }), /meta l4proto udp/);
});

test("decodeRule() gives up on what weft never writes", () => {
	const load: NftExpr = { name: "meta", key: 6, dreg: 1 };
	const data = new Uint8Array(16).fill(97, 0, 3);
	assert.equal(decodeRule([load, { name: "cmp", sreg: 2, op: "==", data }]), undefined, "another register");
	assert.equal(decodeRule([load, load, { name: "cmp", sreg: 1, op: "==", data }]), undefined, "two loads");
	assert.equal(decodeRule([load]), undefined, "a load without use");
	assert.equal(
		decodeRule([
			{ name: "meta", key: 99, dreg: 1 },
			{ name: "cmp", sreg: 1, op: "==", data },
		]),
		undefined,
	);
	assert.equal(decodeRule([{ name: "immediate", verdict: -4 }]), undefined, "goto");
});

test("keyTypes decodes what it encoded, at the full length of a name", () => {
	const { ifname: type } = keyTypes;
	assert.equal(type.decode(type.encode("fifteen_letters") ?? new Uint8Array()), "fifteen_letters");
});
