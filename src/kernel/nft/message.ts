import type { NftFamily } from "../../model/nft.ts";
import { Attributes } from "../netlink/attributes.ts";
import { attributesOf, type Message, MessageWriter, type Request } from "../netlink/message.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES, type NFT_MSG } from "./uapi.ts";

/** NFPROTO_* of linux/netfilter.h. */
const families: Readonly<Record<NftFamily, number>> = { inet: 1, ip: 2, bridge: 7 };

/** All families at once: for dumps. */
export const anyFamily = 0;

/** struct nfgenmsg: family, version, resource id. */
const familyHeader = 4;

/** Begins a message of nf_tables; attributes follow. @param flags NLM_F_* */
export function nftMessage(
	type: (typeof NFT_MSG)[keyof typeof NFT_MSG],
	family: NftFamily | typeof anyFamily,
	flags = 0,
): MessageWriter {
	const number = family === anyFamily ? anyFamily : families[family];
	return new MessageWriter((NFNL_SUBSYS_NFTABLES << 8) | type, flags).u8(number).u8(0).u16be(0);
}

/** @returns `requests` between the two messages that make them one transaction. */
export function transaction(requests: readonly Request[]): Request[] {
	return [batchMessage(NFNL_MSG_BATCH_BEGIN), ...requests, batchMessage(NFNL_MSG_BATCH_END)];
}

function batchMessage(type: number): Request {
	return new MessageWriter(type).u8(0).u8(0).u16be(NFNL_SUBSYS_NFTABLES).finish();
}

/** Asks for a dump. @param read Gives undefined for what is left out. */
export function readAll<T>(
	socket: NetlinkSocket,
	request: MessageWriter,
	read: (message: Message) => T | undefined,
): T[] {
	return socket
		.dump(request.finish())
		.map(read)
		.filter((one) => one !== undefined);
}

/** @returns undefined for a family that weft has no use for (ip6, arp, netdev). */
export function familyOf(message: Message): NftFamily | undefined {
	const number = message.payload.readUInt8(0);
	return (Object.keys(families) as NftFamily[]).find((family) => families[family] === number);
}

export function nftAttributes(message: Message): Attributes {
	return attributesOf(message, familyHeader);
}

export const noAttributes = new Attributes(Buffer.alloc(0));
