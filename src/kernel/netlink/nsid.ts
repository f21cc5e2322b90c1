import { attributesOf, type Message, MessageWriter, type Request } from "./message.ts";
import { AF_UNSPEC, RTM_GETNSID, RTM_NEWNSID, rtgenmsgLength } from "./rtnetlink.ts";

/** Gives the namespace of `fd` a number in the namespace of the socket: the lowest free one. EEXIST when it has one. */
export function newNsidRequest(fd: number): Request {
	return rtgenmsg(RTM_NEWNSID).attributeU32(NETNSA_NSID, -1).attributeU32(NETNSA_FD, fd).finish();
}

/** Asks for the number of the namespace of `fd` in the namespace of the socket. */
export function getNsidRequest(fd: number): Request {
	return rtgenmsg(RTM_GETNSID).attributeU32(NETNSA_FD, fd).finish();
}

/** Asks for the number in namespace `target` of the namespace that has number `nsid` in that of the socket. */
export function translateNsidRequest(nsid: number, target: number): Request {
	return rtgenmsg(RTM_GETNSID).attributeU32(NETNSA_NSID, nsid).attributeU32(NETNSA_TARGET_NSID, target).finish();
}

/**
 * For a dump of all numbers that namespace `target` has given; that of the socket when omitted. Linux 6.18 ends it after one
 * datagram: some 900 of them.
 */
export function getNsidsRequest(target?: number): Request {
	const writer = rtgenmsg(RTM_GETNSID);
	return (target === undefined ? writer : writer.attributeU32(NETNSA_TARGET_NSID, target)).finish();
}

/** A namespace by its numbers; -1 where it has none. */
export interface NsidInfo {
	/** In the namespace that was asked about. */
	readonly nsid: number;
	/** In the namespace of the socket, for a dump of another's numbers. */
	readonly current: number;
}

export function readNsid(message: Message): NsidInfo {
	const attributes = attributesOf(message, rtgenmsgLength);
	return { nsid: attributes.i32(NETNSA_NSID) ?? -1, current: attributes.i32(NETNSA_CURRENT_NSID) ?? -1 };
}

/** struct rtgenmsg, padded. */
function rtgenmsg(type: number): MessageWriter {
	return new MessageWriter(type).u8(AF_UNSPEC).u8(0).u16(0);
}

/** linux/net_namespace.h */
const NETNSA_NSID = 1;
const NETNSA_FD = 3;
const NETNSA_TARGET_NSID = 4;
const NETNSA_CURRENT_NSID = 5;
