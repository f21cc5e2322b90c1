import type { Mac } from "../../model/address.ts";
import type { PortFlags } from "../../model/kernel-state.ts";
import type { Attributes } from "./attributes.ts";
import { macFromBytes } from "./bytes.ts";
import * as A from "./link-attributes.ts";
import { attributesOf, type Message } from "./message.ts";
import { AF_INET, ifinfomsgLength } from "./rtnetlink.ts";

/** What weft reads of a link of any kind. */
export interface LinkInfo {
	readonly ifindex: number;
	readonly name: string;
	readonly up: boolean;
	readonly loopback: boolean;
	readonly group: number;
	readonly mtuBytes: number;
	/** Empty when there is none. */
	readonly alias: string;
	/** Of Ethernet devices. */
	readonly mac?: Mac;
	/** The index of the bridge, in the same namespace. */
	readonly master?: number;
	readonly port?: PortFlags;
	/** IFLA_INFO_KIND: "veth", "bridge", "vxlan" …; none for a device of hardware. */
	readonly kind?: string;
	/** Of a veth: the other end's index, in the namespace with number `linkNetnsid` (in this one when that is absent). */
	readonly link?: number;
	readonly linkNetnsid?: number;
	/** Of a veth: whether its arp_ignore is 1. */
	readonly arpIgnore?: boolean;
	readonly vxlan?: { readonly vni: number; readonly dstPort: number };
}

/** Reads RTM_NEWLINK and RTM_DELLINK of family AF_UNSPEC. */
export function readLink(message: Message): LinkInfo {
	const attributes = attributesOf(message, ifinfomsgLength);
	const info = attributes.nested(A.IFLA_LINKINFO);
	const master = attributes.u32(A.IFLA_MASTER);
	const kind = info?.string(A.IFLA_INFO_KIND);
	const mac = attributes.bytes(A.IFLA_ADDRESS);
	const link = attributes.u32(A.IFLA_LINK);
	const linkNetnsid = attributes.i32(A.IFLA_LINK_NETNSID);
	const isPort = info?.string(A.IFLA_INFO_SLAVE_KIND) === "bridge";
	const slave = isPort ? info?.nested(A.IFLA_INFO_SLAVE_DATA) : undefined;
	const vxlan = kind === "vxlan" ? info?.nested(A.IFLA_INFO_DATA) : undefined;
	return {
		ifindex: message.payload.readInt32LE(4),
		name: attributes.string(A.IFLA_IFNAME) ?? "",
		up: (message.payload.readUInt32LE(8) & A.IFF_UP) !== 0,
		loopback: message.payload.readUInt16LE(2) === ARPHRD_LOOPBACK,
		group: attributes.u32(A.IFLA_GROUP) ?? 0,
		mtuBytes: attributes.u32(A.IFLA_MTU) ?? 0,
		alias: attributes.string(A.IFLA_IFALIAS) ?? "",
		...(mac?.length === 6 ? { mac: macFromBytes(mac) } : {}),
		...(master === undefined ? {} : { master }),
		...(slave === undefined ? {} : { port: readPort(slave) }),
		...(kind === undefined ? {} : { kind }),
		...(link === undefined ? {} : { link }),
		...(linkNetnsid === undefined ? {} : { linkNetnsid }),
		...(kind === "veth" ? { arpIgnore: readArpIgnore(attributes) } : {}),
		...(vxlan === undefined ? {} : { vxlan: readVxlan(vxlan) }),
	};
}

/** @param port IFLA_INFO_SLAVE_DATA or IFLA_PROTINFO. */
export function readPort(port: Attributes): PortFlags {
	const flag = (name: keyof typeof A.IFLA_BRPORT) => port.u8(A.IFLA_BRPORT[name]) === 1;
	return {
		locked: flag("locked"),
		learning: flag("learning"),
		flood: flag("flood"),
		mcastFlood: flag("mcastFlood"),
		bcastFlood: flag("bcastFlood"),
		isolated: flag("isolated"),
	};
}

function readArpIgnore(link: Attributes): boolean {
	const conf = link.nested(A.IFLA_AF_SPEC)?.nested(AF_INET)?.bytes(A.IFLA_INET_CONF);
	const at = (A.IPV4_DEVCONF_ARP_IGNORE - 1) * 4;
	return conf !== undefined && conf.length >= at + 4 && conf.readUInt32LE(at) === 1;
}

function readVxlan(data: Attributes): { vni: number; dstPort: number } {
	return { vni: data.u32(A.IFLA_VXLAN_ID) ?? 0, dstPort: data.u16be(A.IFLA_VXLAN_PORT) ?? 0 };
}

const ARPHRD_LOOPBACK = 772;
