import type { Ipv4, Mac } from "../../model/address.ts";
import { routeProtocol } from "../../model/kernel-state.ts";
import { ipv4Bytes, ipv4FromBytes, macBytes, macFromBytes } from "./bytes.ts";
import { attributesOf, type Message, MessageWriter, NLM_F_CREATE, NLM_F_REPLACE, type Request } from "./message.ts";
import { AF_BRIDGE, AF_INET, ndmsgLength, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH } from "./rtnetlink.ts";

/** A permanent neighbour. */
export interface NeighInfo {
	readonly ifindex: number;
	readonly address: Ipv4;
	readonly mac: Mac;
}

/** A forwarding entry: with `dst` a VXLAN device's own, without it a bridge's for that port. */
export interface FdbInfo {
	readonly ifindex: number;
	readonly mac: Mac;
	readonly dst?: Ipv4;
}

export function replaceNeighRequest({ ifindex, address, mac }: NeighInfo): Request {
	return ndmsg(RTM_NEWNEIGH, replace, AF_INET, ifindex, NUD_PERMANENT, 0)
		.attribute(NDA_DST, ipv4Bytes(address))
		.attribute(NDA_LLADDR, macBytes(mac))
		.attributeU8(NDA_PROTOCOL, routeProtocol)
		.finish();
}

export function delNeighRequest({ ifindex, address }: Pick<NeighInfo, "ifindex" | "address">): Request {
	return ndmsg(RTM_DELNEIGH, 0, AF_INET, ifindex, 0, 0).attribute(NDA_DST, ipv4Bytes(address)).finish();
}

/** The bridge's entry is `static` (NUD_NOARP): `permanent` would mean local, and the frame would be swallowed. */
export function replaceFdbRequest({ ifindex, mac, dst }: FdbInfo): Request {
	return dst === undefined
		? fdbRequest(RTM_NEWNEIGH, replace, ifindex, NUD_NOARP, NTF_MASTER, mac).finish()
		: fdbRequest(RTM_NEWNEIGH, replace, ifindex, NUD_PERMANENT, NTF_SELF, mac)
				.attribute(NDA_DST, ipv4Bytes(dst))
				.finish();
}

/** Matches only the very entry: one that points elsewhere stays (and the kernel says that all is well). */
export function delFdbRequest({ ifindex, mac, dst }: FdbInfo): Request {
	return dst === undefined
		? fdbRequest(RTM_DELNEIGH, 0, ifindex, 0, NTF_MASTER, mac).finish()
		: fdbRequest(RTM_DELNEIGH, 0, ifindex, 0, NTF_SELF, mac).attribute(NDA_DST, ipv4Bytes(dst)).finish();
}

/** For a dump of all IPv4 neighbours. */
export function getNeighsRequest(): Request {
	return ndmsg(RTM_GETNEIGH, 0, AF_INET, 0, 0, 0).finish();
}

/** For a dump of all forwarding entries. @param bridge Only those of the bridge and its ports; all when 0. */
export function getFdbsRequest(bridge = 0): Request {
	const writer = ndmsg(RTM_GETNEIGH, 0, AF_BRIDGE, 0, 0, 0);
	return (bridge === 0 ? writer : writer.attributeU32(NDA_MASTER, bridge)).finish();
}

/** @returns undefined for what is no permanent IPv4 neighbour. */
export function readNeigh(message: Message): NeighInfo | undefined {
	const { payload } = message;
	if (payload.readUInt8(0) !== AF_INET || (payload.readUInt16LE(8) & NUD_PERMANENT) === 0) return undefined;
	const attributes = attributesOf(message, ndmsgLength);
	const address = attributes.bytes(NDA_DST);
	const mac = attributes.bytes(NDA_LLADDR);
	if (address?.length !== 4 || mac?.length !== 6) return undefined;
	return { ifindex: payload.readUInt32LE(4), address: ipv4FromBytes(address), mac: macFromBytes(mac) };
}

/**
 * @returns undefined for what somebody else than a program made: what a bridge learnt, the addresses of its ports
 * (`permanent`), the multicast addresses of devices (`self` without a destination), copies of an entry for each VLAN.
 */
export function readFdb(message: Message): FdbInfo | undefined {
	const { payload } = message;
	if (payload.readUInt8(0) !== AF_BRIDGE) return undefined;
	const attributes = attributesOf(message, ndmsgLength);
	const mac = attributes.bytes(NDA_LLADDR);
	if (mac?.length !== 6 || attributes.has(NDA_VLAN)) return undefined;
	const ifindex = payload.readUInt32LE(4);
	const state = payload.readUInt16LE(8);
	if (attributes.has(NDA_MASTER)) {
		return (state & NUD_NOARP) === 0 ? undefined : { ifindex, mac: macFromBytes(mac) };
	}
	const dst = attributes.bytes(NDA_DST);
	if (dst?.length !== 4 || (state & NUD_PERMANENT) === 0) return undefined;
	return { ifindex, mac: macFromBytes(mac), dst: ipv4FromBytes(dst) };
}

/** @returns Whether an event tells of an entry that comes and goes with the traffic. */
export function isLearnt(message: Message): boolean {
	return (message.payload.readUInt16LE(8) & (NUD_PERMANENT | NUD_NOARP)) === 0;
}

function fdbRequest(type: number, flags: number, ifindex: number, state: number, ndmFlags: number, mac: Mac) {
	return ndmsg(type, flags, AF_BRIDGE, ifindex, state, ndmFlags).attribute(NDA_LLADDR, macBytes(mac));
}

/** struct ndmsg. */
function ndmsg(type: number, flags: number, family: number, ifindex: number, state: number, ndmFlags: number) {
	return new MessageWriter(type, flags).u8(family).u8(0).u16(0).u32(ifindex).u16(state).u8(ndmFlags).u8(0);
}

const replace = NLM_F_CREATE | NLM_F_REPLACE;

/** linux/neighbour.h */
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NDA_VLAN = 5;
const NDA_MASTER = 9;
const NDA_PROTOCOL = 12;
const NTF_SELF = 2;
const NTF_MASTER = 4;
const NUD_NOARP = 0x40;
const NUD_PERMANENT = 0x80;
