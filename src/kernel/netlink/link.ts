import type { BridgeLink, PortFlags, VethLink, VxlanLink } from "../../model/kernel-state.ts";
import { macBytes } from "./bytes.ts";
import * as A from "./link-attributes.ts";
import { MessageWriter, NLM_F_CREATE, NLM_F_EXCL, type Request } from "./message.ts";
import { AF_INET, AF_INET6, AF_UNSPEC, RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK, RTM_SETLINK } from "./rtnetlink.ts";

/** The group of all links that weft makes, so that all of a namespace go in one request (`ip link del group 87`). */
export const linkGroup = 87;

/** What can be changed of a link. Absent: as it is. */
export interface LinkChanges {
	readonly up?: boolean;
	readonly mtuBytes?: number;
	readonly alias?: string;
	readonly mac?: string;
	/** The bridge's index; 0 releases the link. */
	readonly master?: number;
	readonly group?: number;
	/** net.ipv4.conf.<link>.arp_ignore: 1 or 0. */
	readonly arpIgnore?: boolean;
}

/**
 * Down, and with another MTU than it shall have: only one that is changed later stays when ports come and go (br_change_mtu).
 * Not below IPv6's least either, where a link has no settings of IPv6.
 */
export function addBridgeRequest({ name, mac, mtuBytes }: BridgeLink): Request {
	return addRequest(name, mtuBytes === leastIpv6MtuBytes ? leastIpv6MtuBytes + 1 : leastIpv6MtuBytes)
		.attribute(A.IFLA_ADDRESS, macBytes(mac))
		.nest(A.IFLA_LINKINFO, (info) =>
			info.attributeString(A.IFLA_INFO_KIND, "bridge").nest(A.IFLA_INFO_DATA, (data) =>
				data
					.attributeU8(A.IFLA_BR_MCAST_SNOOPING, 0)
					// Else each forwarding entry is held twice: once more for VLAN 1.
					.attributeU16(A.IFLA_BR_VLAN_DEFAULT_PVID, 0),
			),
		)
		.finish();
}

/** Down. To be sent in the host's namespace, where its UDP socket then is. @param netns The namespace that it stands in. */
export function addVxlanRequest({ name, mtuBytes, vni, dstPort }: VxlanLink, netns: number): Request {
	return addRequest(name, mtuBytes)
		.attributeU32(A.IFLA_NET_NS_FD, netns)
		.nest(A.IFLA_LINKINFO, (info) =>
			info
				.attributeString(A.IFLA_INFO_KIND, "vxlan")
				.nest(A.IFLA_INFO_DATA, (data) =>
					data
						.attributeU32(A.IFLA_VXLAN_ID, vni)
						.attributeU16be(A.IFLA_VXLAN_PORT, dstPort)
						.attributeU8(A.IFLA_VXLAN_LEARNING, 0)
						.attributeU8(A.IFLA_VXLAN_PROXY, 1),
				),
		)
		.finish();
}

/** Both ends down. To be sent in the namespace of the host's end. @param peerNetns The namespace of the container's end. */
export function addVethRequest({ name, mtuBytes, peer }: VethLink, peerNetns: number): Request {
	return addRequest(name, mtuBytes)
		.nest(A.IFLA_LINKINFO, (info) =>
			info
				.attributeString(A.IFLA_INFO_KIND, "veth")
				.nest(A.IFLA_INFO_DATA, (data) =>
					data.nest(A.VETH_INFO_PEER, (end) =>
						ifinfomsg(end, {})
							.attributeString(A.IFLA_IFNAME, peer.name)
							.attributeU32(A.IFLA_MTU, peer.mtuBytes)
							.attributeU32(A.IFLA_GROUP, linkGroup)
							.attribute(A.IFLA_ADDRESS, macBytes(peer.mac))
							.attributeU32(A.IFLA_NET_NS_FD, peerNetns),
					),
				),
		)
		.finish();
}

/** @param link Its name or its index. */
export function setLinkRequest(link: string | number, changes: LinkChanges): Request {
	const index = typeof link === "number" ? { index: link } : {};
	const writer = ifinfomsg(new MessageWriter(RTM_SETLINK), {
		...index,
		...(changes.up === undefined ? {} : { up: changes.up }),
	});
	if (typeof link === "string") writer.attributeString(A.IFLA_IFNAME, link);
	if (changes.mac !== undefined) writer.attribute(A.IFLA_ADDRESS, macBytes(changes.mac as BridgeLink["mac"]));
	if (changes.mtuBytes !== undefined) writer.attributeU32(A.IFLA_MTU, changes.mtuBytes);
	if (changes.alias !== undefined) writer.attributeString(A.IFLA_IFALIAS, changes.alias);
	if (changes.master !== undefined) writer.attributeU32(A.IFLA_MASTER, changes.master);
	if (changes.group !== undefined) writer.attributeU32(A.IFLA_GROUP, changes.group);
	if (changes.arpIgnore !== undefined) writer.nest(A.IFLA_AF_SPEC, arpIgnore(changes.arpIgnore));
	return writer.finish();
}

/**
 * addrgenmode none: the kernel gives the link no IPv6 address of its own, and sends nothing through it unasked.
 * EAFNOSUPPORT when the link has no IPv6 at all (an MTU below 1280, a kernel without it).
 */
export function addrgenmodeNoneRequest(name: string): Request {
	return ifinfomsg(new MessageWriter(RTM_SETLINK), {})
		.attributeString(A.IFLA_IFNAME, name)
		.nest(A.IFLA_AF_SPEC, (families) =>
			families.nest(AF_INET6, (ipv6) => ipv6.attributeU8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)),
		)
		.finish();
}

/** Sets all flags of a bridge's port. The link must be a port already. */
export function setPortRequest(name: string, port: PortFlags): Request {
	return ifinfomsg(new MessageWriter(RTM_NEWLINK), {})
		.attributeString(A.IFLA_IFNAME, name)
		.nest(A.IFLA_LINKINFO, (info) =>
			info.attributeString(A.IFLA_INFO_SLAVE_KIND, "bridge").nest(A.IFLA_INFO_SLAVE_DATA, (data) => {
				for (const [flag, type] of Object.entries(A.IFLA_BRPORT)) {
					data.attributeU8(type, port[flag as keyof PortFlags] ? 1 : 0);
				}
			}),
		)
		.finish();
}

/** Lets nothing pass a bridge's port any more, at once. */
export function closePortRequest(index: number): Request {
	return ifinfomsg(new MessageWriter(RTM_NEWLINK), { index })
		.nest(A.IFLA_LINKINFO, (info) =>
			info
				.attributeString(A.IFLA_INFO_SLAVE_KIND, "bridge")
				.nest(A.IFLA_INFO_SLAVE_DATA, (data) => data.attributeU8(A.IFLA_BRPORT_STATE, A.BR_STATE_DISABLED)),
		)
		.finish();
}

export function delLinkRequest(name: string): Request {
	return ifinfomsg(new MessageWriter(RTM_DELLINK), {}).attributeString(A.IFLA_IFNAME, name).finish();
}

/** Deletes all links of a group at once: as slow as one link. ENODEV when there is none. */
export function delLinkGroupRequest(group: number): Request {
	return ifinfomsg(new MessageWriter(RTM_DELLINK), {}).attributeU32(A.IFLA_GROUP, group).finish();
}

/** Asks for one link. @param target The namespace to look into, by its number in the socket's; that one itself when omitted. */
export function getLinkRequest(link: string | number, target?: number): Request {
	return typeof link === "number" ? getRequest({ index: link }, undefined, target) : getRequest({}, link, target);
}

/** For a dump of all links. @param target As in {@link getLinkRequest}. */
export function getLinksRequest(target?: number): Request {
	return getRequest({}, undefined, target);
}

/** As a link's own setting: a file of /proc/sys takes the longer to be found, the more namespaces there are. */
function arpIgnore(on: boolean): (families: MessageWriter) => MessageWriter {
	return (families) =>
		families.nest(AF_INET, (ipv4) =>
			ipv4.nest(A.IFLA_INET_CONF, (conf) => conf.attributeU32(A.IPV4_DEVCONF_ARP_IGNORE, on ? 1 : 0)),
		);
}

function getRequest(place: { index?: number }, name?: string, target?: number): Request {
	const writer = ifinfomsg(new MessageWriter(RTM_GETLINK), place);
	if (name !== undefined) writer.attributeString(A.IFLA_IFNAME, name);
	if (target !== undefined) writer.attributeU32(A.IFLA_TARGET_NETNSID, target);
	return writer.attributeU32(A.IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS).finish();
}

function addRequest(name: string, mtuBytes: number): MessageWriter {
	return ifinfomsg(new MessageWriter(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL), {})
		.attributeString(A.IFLA_IFNAME, name)
		.attributeU32(A.IFLA_MTU, mtuBytes)
		.attributeU32(A.IFLA_GROUP, linkGroup);
}

/** struct ifinfomsg. */
function ifinfomsg(writer: MessageWriter, { index = 0, up }: { index?: number; up?: boolean }): MessageWriter {
	return writer
		.u8(AF_UNSPEC)
		.u8(0)
		.u16(0)
		.u32(index)
		.u32(up === true ? A.IFF_UP : 0)
		.u32(up === undefined ? 0 : A.IFF_UP);
}

/** RFC 8200, section 5. */
const leastIpv6MtuBytes = 1280;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;
const RTEXT_FILTER_SKIP_STATS = 8;
