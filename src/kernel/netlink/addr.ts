import { type Cidr, parseCidr } from "../../model/prefix.ts";
import { ipv4Bytes, ipv4FromBytes } from "./bytes.ts";
import { attributesOf, type Message, MessageWriter, NLM_F_CREATE, NLM_F_REPLACE, type Request } from "./message.ts";
import { AF_INET, ifaddrmsgLength, RTM_DELADDR, RTM_GETADDR, RTM_NEWADDR } from "./rtnetlink.ts";

export interface AddrInfo {
	readonly ifindex: number;
	readonly address: Cidr;
}

export function replaceAddrRequest(ifindex: number, address: Cidr): Request {
	return addrRequest(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, ifindex, address);
}

export function delAddrRequest(ifindex: number, address: Cidr): Request {
	return addrRequest(RTM_DELADDR, 0, ifindex, address);
}

/** For a dump of all IPv4 addresses. */
export function getAddrsRequest(): Request {
	return new MessageWriter(RTM_GETADDR).u8(AF_INET).u8(0).u8(0).u8(0).u32(0).finish();
}

/** @returns undefined for what is no IPv4 address. */
export function readAddr(message: Message): AddrInfo | undefined {
	if (message.payload.readUInt8(0) !== AF_INET) return undefined;
	const attributes = attributesOf(message, ifaddrmsgLength);
	const address = attributes.bytes(IFA_LOCAL) ?? attributes.bytes(IFA_ADDRESS);
	const bits = message.payload.readUInt8(1);
	if (address?.length !== 4 || bits > 32) return undefined;
	return { ifindex: message.payload.readUInt32LE(4), address: `${ipv4FromBytes(address)}/${bits}` as Cidr };
}

/** struct ifaddrmsg. */
function addrRequest(type: number, flags: number, ifindex: number, cidr: Cidr): Request {
	const parsed = parseCidr(cidr);
	if (parsed === undefined) throw new TypeError(`Cannot read "${cidr}" as an address with the length of its network`);
	const address = ipv4Bytes(parsed.address);
	return new MessageWriter(type, flags)
		.u8(AF_INET)
		.u8(parsed.bits)
		.u8(0)
		.u8(0)
		.u32(ifindex)
		.attribute(IFA_LOCAL, address)
		.attribute(IFA_ADDRESS, address)
		.finish();
}

/** linux/if_addr.h */
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
