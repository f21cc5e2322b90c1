import { keyOf, type NftElement, type NftForeignRule, type NftTable } from "../../model/kernel-state.ts";
import { encodeRule } from "../nft/rule-codec.ts";
import { keyTypes } from "../nft/types.ts";
import { type FakeHost, nsNamed, refusal } from "./state.ts";

/** The elements go with the table's former self. @throws {Errno} ENOENT (the namespace, a set, a chain) @throws {RangeError} a rule is malformed */
export function replaceTable(host: FakeHost, table: NftTable): void {
	const ns = nsNamed(host, table.ns);
	const sets = new Set(table.sets.map((set) => set.name));
	const chains = new Set(table.chains.map((chain) => chain.name));
	for (const rule of table.chains.flatMap((chain) => chain.rules)) {
		encodeRule(rule);
		for (const statement of rule.statements)
			if (("set" in statement && !sets.has(statement.set)) || ("jump" in statement && !chains.has(statement.jump)))
				throw refusal("NFT_MSG_NEWRULE", "ENOENT");
	}
	ns.tables.set(`${table.family} ${table.name}`, { table, elements: new Map() });
}

export function delTable(host: FakeHost, table: NftTable): void {
	host.namespaces.get(table.ns)?.tables.delete(`${table.family} ${table.name}`);
}

/** @throws {Errno} ENOENT (the namespace, the table, the set), EINVAL (a part of another type) */
export function replaceElement(host: FakeHost, element: NftElement): void {
	const held = nsNamed(host, element.ns).tables.get(`${element.family} ${element.table}`);
	const set = held?.table.sets.find(({ name }) => name === element.set);
	if (held === undefined || set === undefined) throw refusal("NFT_MSG_NEWSETELEM", "ENOENT");
	const fits =
		set.type.length === element.element.length &&
		set.type.every((type, i) => keyTypes[type].encode(element.element[i] ?? "") !== undefined);
	if (!fits) throw refusal("NFT_MSG_NEWSETELEM", "EINVAL");
	held.elements.set(keyOf(element), element);
}

export function delElement(host: FakeHost, element: NftElement): void {
	host.namespaces.get(element.ns)?.tables.get(`${element.family} ${element.table}`)?.elements.delete(keyOf(element));
}

/** Idempotent. @throws {Errno} ENOENT (the namespace, the chain), EPERM (the table is owned) @throws {RangeError} the rule is malformed */
export function replaceForeignRule(host: FakeHost, rule: NftForeignRule): void {
	encodeRule(rule.rule);
	const chain = nsNamed(host, rule.ns).foreignChains.get(chainKey(rule));
	if (chain === undefined) throw refusal("NFT_MSG_NEWRULE", "ENOENT");
	if (chain.owned) throw refusal("NFT_MSG_NEWRULE", "EPERM");
	chain.rules.set(rule.comment, rule);
}

export function delForeignRule(host: FakeHost, rule: NftForeignRule): void {
	host.namespaces.get(rule.ns)?.foreignChains.get(chainKey(rule))?.rules.delete(rule.comment);
}

export function chainKey({ family, table, chain }: Pick<NftForeignRule, "family" | "table" | "chain">): string {
	return `${family} ${table} ${chain}`;
}
