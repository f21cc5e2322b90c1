import type { NetnsRef, NftElement, NftForeignRule, NftTable, Resource } from "../../model/kernel-state.ts";
import type { NftChain, NftRule } from "../../model/nft.ts";
import type { ObserveScope } from "../kernel.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { dumpChains, type HeldChain } from "./chain.ts";
import { anyFamily, nftAttributes, nftMessage } from "./message.ts";
import { dumpRules, type HeldRule } from "./rule.ts";
import { dumpElements, dumpSets, type HeldSet } from "./set.ts";
import { dumpTables, type HeldTable, ownTable } from "./table.ts";
import { NFT_MSG, NFTA } from "./uapi.ts";

/** How the comments of weft's rules in foreign chains begin. */
const ownComment = /^weft/;
/** How often a picture that changed while it was taken is taken again. */
const attempts = 5;

/** A rule that weft never writes: it makes its table differ from any that is wanted, so that the table is replaced. */
const unreadable: NftRule = { statements: [] };

/**
 * @param socket Of NETLINK_NETFILTER, in the namespace that `ns` names.
 * @returns weft's own tables with their elements; for the host, its rules in foreign chains, too. A sandbox holds none.
 * @throws {Errno}
 */
export function observeNft(socket: NetlinkSocket, ns: NetnsRef, role: ObserveScope["role"]): Resource[] {
	if (role === "sandbox") return [];
	for (let attempt = 1; ; attempt++) {
		const before = generation(socket);
		const resources = observeOnce(socket, ns, role);
		if (before === generation(socket) || attempt === attempts) return resources;
	}
}

/** @returns A number that every transaction changes. */
function generation(socket: NetlinkSocket): number | undefined {
	return nftAttributes(socket.get(nftMessage(NFT_MSG.GETGEN, anyFamily).finish())).u32be(NFTA.GEN_ID);
}

function observeOnce(socket: NetlinkSocket, ns: NetnsRef, role: ObserveScope["role"]): Resource[] {
	const own = dumpTables(socket).filter(({ name }) => name === ownTable);
	if (own.length === 0 && role !== "host") return [];
	const rules = dumpRules(socket);
	const foreign = role === "host" ? foreignRules(ns, rules) : [];
	if (own.length === 0) return foreign;
	const chains = dumpChains(socket);
	const sets = dumpSets(socket).filter(({ table }) => table === ownTable);
	return [
		...own.map((table) => tableOf(ns, table, { sets, chains, rules })),
		...sets.flatMap((set) => elementsOf(socket, ns, set)),
		...foreign,
	];
}

interface Contents {
	readonly sets: readonly HeldSet[];
	readonly chains: readonly HeldChain[];
	readonly rules: readonly HeldRule[];
}

function tableOf(ns: NetnsRef, { family, name, flags }: HeldTable, { sets, chains, rules }: Contents): NftTable {
	const table = { kind: "nft-table", ns, family, name } as const;
	// A dormant table does nothing, whatever it holds.
	if (flags !== 0) return { ...table, sets: [], chains: [] };
	const within = (one: { family: string; table: string }) => one.family === family && one.table === name;
	return {
		...table,
		sets: sets.filter(within).map((set) => ({ name: set.name, type: set.type ?? [] })),
		chains: chains.filter(within).map((chain) => chainOf(chain, rules.filter(within))),
	};
}

function chainOf({ name, hook }: HeldChain, rules: readonly HeldRule[]): NftChain {
	const own = rules.filter((rule) => rule.chain === name).map(({ rule }) => rule ?? unreadable);
	return hook === undefined ? { name, rules: own } : { name, hook, rules: own };
}

function elementsOf(socket: NetlinkSocket, ns: NetnsRef, set: HeldSet): NftElement[] {
	const { family, table, name } = set;
	return dumpElements(socket, set).map((element) => ({ kind: "nft-element", ns, family, table, set: name, element }));
}

/** Of two rules with one comment the first counts: the plan then deletes it, or withdraws both by replacing it. */
function foreignRules(ns: NetnsRef, rules: readonly HeldRule[]): NftForeignRule[] {
	const found = new Map<string, NftForeignRule>();
	for (const { family, table, chain, comment, rule = unreadable } of rules) {
		if (table === ownTable || comment === undefined || !ownComment.test(comment)) continue;
		const key = `${family} ${table} ${chain} ${comment}`;
		if (!found.has(key)) found.set(key, { kind: "nft-rule", ns, family, table, chain, comment, rule });
	}
	return [...found.values()];
}
