import type { NftTable } from "../../model/kernel-state.ts";
import type { NftFamily } from "../../model/nft.ts";
import { type Message, NLM_F_CREATE, type Request } from "../netlink/message.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { newChain } from "./chain.ts";
import { anyFamily, familyOf, nftAttributes, nftMessage, readAll } from "./message.ts";
import { newRule } from "./rule.ts";
import { newSet } from "./set.ts";
import { NFT_MSG, NFTA } from "./uapi.ts";

/** The name of weft's own tables, in whatever family. */
export const ownTable = "weft";

type TableName = Pick<NftTable, "family" | "name">;

/** A table as the kernel holds it, without what is in it. */
export interface HeldTable extends TableName {
	readonly family: NftFamily;
	/** Dormant, or owned by a process: never so made by weft. */
	readonly flags: number;
}

/**
 * @returns The messages, all of one transaction, after which the table is there with just this content, whatever was there before.
 * @throws {RangeError} A rule is malformed.
 */
export function replaceTable(table: NftTable, firstSetId: number): Request[] {
	const { family, name, sets, chains } = table;
	return [
		// Made before it is deleted, so that the deletion always finds something.
		newTable(table),
		delTable(table),
		newTable(table),
		...sets.map((set, i) => newSet(family, name, set, firstSetId + i)),
		...chains.map((chain) => newChain(family, name, chain)),
		...chains.flatMap((chain) => {
			const place = { family, table: name, chain: chain.name };
			return chain.rules.map((rule) => newRule(place, rule, "end"));
		}),
	];
}

function newTable({ family, name }: TableName): Request {
	return nftMessage(NFT_MSG.NEWTABLE, family, NLM_F_CREATE).attributeString(NFTA.TABLE_NAME, name).finish();
}

export function delTable({ family, name }: TableName): Request {
	return nftMessage(NFT_MSG.DELTABLE, family).attributeString(NFTA.TABLE_NAME, name).finish();
}

/** @returns All tables of the namespace. */
export function dumpTables(socket: NetlinkSocket): HeldTable[] {
	return readAll(socket, nftMessage(NFT_MSG.GETTABLE, anyFamily), readTable);
}

/** A dormant table does nothing, whatever it holds. */
export function isDormant({ flags }: HeldTable): boolean {
	return (flags & NFT_TABLE_F_DORMANT) !== 0;
}

/** Into an owned table nobody but its owner may write. */
export function isOwned({ flags }: HeldTable): boolean {
	return (flags & NFT_TABLE_F_OWNER) !== 0;
}

/** @returns undefined for a table of a family that weft has no use for. */
function readTable(message: Message): HeldTable | undefined {
	const attributes = nftAttributes(message);
	const family = familyOf(message);
	const name = attributes.string(NFTA.TABLE_NAME);
	if (family === undefined || name === undefined) return undefined;
	return { family, name, flags: attributes.u32be(NFTA.TABLE_FLAGS) ?? 0 };
}

/** enum nft_table_flags. */
const NFT_TABLE_F_DORMANT = 1;
const NFT_TABLE_F_OWNER = 2;
