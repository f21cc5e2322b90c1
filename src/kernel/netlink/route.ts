import type { Ipv4 } from "../../model/address.ts";
import { routeProtocol } from "../../model/kernel-state.ts";
import { type Prefix, prefixBits } from "../../model/prefix.ts";
import { ipv4Bytes, ipv4FromBytes } from "./bytes.ts";
import { attributesOf, type Message, MessageWriter, NLM_F_CREATE, NLM_F_REPLACE, type Request } from "./message.ts";
import { AF_INET, RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE, rtmsgLength } from "./rtnetlink.ts";

/** A unicast IPv4 route of the main table. */
export interface RouteInfo {
	readonly dst: Prefix;
	readonly ifindex: number;
	readonly via?: Ipv4;
	/** RTAX_MTU. */
	readonly mtuBytes?: number;
}

export type NewRoute = Pick<RouteInfo, "dst" | "ifindex" | "via">;

/** Of protocol {@link routeProtocol}. */
export function replaceRouteRequest(route: NewRoute): Request {
	return routeRequest(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
}

/** Matches only the very route: one that points elsewhere stays. */
export function delRouteRequest(route: NewRoute): Request {
	return routeRequest(RTM_DELROUTE, 0, route);
}

/** For a dump of all tables: one that was never written to could not be asked for. @param protocol Only the routes of that one. */
export function getRoutesRequest(protocol = 0): Request {
	return rtmsg(new MessageWriter(RTM_GETROUTE), { bits: 0, table: 0, protocol, scope: 0, type: 0 }).finish();
}

/** @returns undefined for what is no unicast route of the main table with one next hop. */
export function readRoute(message: Message): RouteInfo | undefined {
	const { payload } = message;
	if (payload.readUInt8(0) !== AF_INET || payload.readUInt8(7) !== RTN_UNICAST) return undefined;
	const attributes = attributesOf(message, rtmsgLength);
	const ifindex = attributes.u32(RTA_OIF);
	if (ifindex === undefined || (attributes.u32(RTA_TABLE) ?? payload.readUInt8(4)) !== RT_TABLE_MAIN) return undefined;
	const dst = attributes.bytes(RTA_DST);
	const via = attributes.bytes(RTA_GATEWAY);
	const bits = payload.readUInt8(1);
	if ((dst?.length ?? 4) !== 4 || (via?.length ?? 4) !== 4 || bits > 32) return undefined;
	const mtuBytes = attributes.nested(RTA_METRICS)?.u32(RTAX_MTU);
	return {
		dst: (dst === undefined ? "0.0.0.0/0" : `${ipv4FromBytes(dst)}/${bits}`) as Prefix,
		ifindex,
		...(via === undefined ? {} : { via: ipv4FromBytes(via) }),
		...(mtuBytes === undefined ? {} : { mtuBytes }),
	};
}

/** @returns Whether the kernel made the route by itself: a connected one, or one of the local table. */
export function isKernelRoute(message: Message): boolean {
	return message.payload.readUInt8(5) === RTPROT_KERNEL;
}

function routeRequest(type: number, flags: number, { dst, ifindex, via }: NewRoute): Request {
	const bits = prefixBits(dst);
	const writer = rtmsg(new MessageWriter(type, flags), {
		bits,
		table: RT_TABLE_MAIN,
		protocol: routeProtocol,
		// Without a gateway the scope alone tells a route from one with any gateway.
		scope: via === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		type: RTN_UNICAST,
	});
	if (bits > 0) writer.attribute(RTA_DST, ipv4Bytes(dst.slice(0, dst.indexOf("/")) as Ipv4));
	if (via !== undefined) writer.attribute(RTA_GATEWAY, ipv4Bytes(via));
	return writer.attributeU32(RTA_OIF, ifindex).finish();
}

/** struct rtmsg. */
function rtmsg(
	writer: MessageWriter,
	{
		bits,
		table,
		protocol,
		scope,
		type,
	}: { bits: number; table: number; protocol: number; scope: number; type: number },
): MessageWriter {
	return writer.u8(AF_INET).u8(bits).u8(0).u8(0).u8(table).u8(protocol).u8(scope).u8(type).u32(0);
}

/** linux/rtnetlink.h */
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_METRICS = 8;
const RTA_TABLE = 15;
const RTAX_MTU = 2;
const RTN_UNICAST = 1;
const RTPROT_KERNEL = 2;
const RT_TABLE_MAIN = 254;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
