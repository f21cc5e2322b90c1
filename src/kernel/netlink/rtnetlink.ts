/** Numbers of rtnetlink that more than one object's codec needs (linux/rtnetlink.h, linux/if_link.h, linux/neighbour.h). */

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
export const RTM_NEWNSID = 88;
export const RTM_DELNSID = 89;
export const RTM_GETNSID = 90;

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;

/** Lengths of the family headers that stand before the attributes. */
export const ifinfomsgLength = 16;
export const ifaddrmsgLength = 8;
export const rtmsgLength = 12;
export const ndmsgLength = 12;
export const rtgenmsgLength = 4;

/** Of nfnetlink: struct nfgenmsg. */
const nfgenmsgLength = 4;
/** Types from here on are nfnetlink's: the subsystem in the upper byte. */
const firstNfnetlinkType = 0x100;
/** Four types each, from the one with which an object is made. */
const familyHeaders = new Map([
	[RTM_NEWLINK >> 2, ifinfomsgLength],
	[RTM_NEWADDR >> 2, ifaddrmsgLength],
	[RTM_NEWROUTE >> 2, rtmsgLength],
	[RTM_NEWNEIGH >> 2, ndmsgLength],
	[RTM_NEWNSID >> 2, rtgenmsgLength],
]);

/** @returns 0 for messages that weft does not read. */
export function familyHeaderLength(type: number): number {
	return type >= firstNfnetlinkType ? nfgenmsgLength : (familyHeaders.get(type >> 2) ?? 0);
}
