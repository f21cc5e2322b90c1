/** Attributes of links that both the writer and the reader need (linux/if_link.h, linux/veth.h, linux/if.h). */

export const IFLA_ADDRESS = 1;
export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
export const IFLA_LINK = 5;
export const IFLA_MASTER = 10;
export const IFLA_PROTINFO = 12;
export const IFLA_LINKINFO = 18;
export const IFLA_IFALIAS = 20;
export const IFLA_AF_SPEC = 26;
export const IFLA_GROUP = 27;
export const IFLA_NET_NS_FD = 28;
export const IFLA_EXT_MASK = 29;
export const IFLA_LINK_NETNSID = 37;
export const IFLA_TARGET_NETNSID = 46;

export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
export const IFLA_INFO_SLAVE_KIND = 4;
export const IFLA_INFO_SLAVE_DATA = 5;

export const IFLA_VXLAN_ID = 1;
export const IFLA_VXLAN_LEARNING = 7;
export const IFLA_VXLAN_PROXY = 11;
export const IFLA_VXLAN_PORT = 15;

export const IFLA_BR_MCAST_SNOOPING = 23;
export const IFLA_BR_VLAN_DEFAULT_PVID = 39;

/** Of each port flag of the model. */
export const IFLA_BRPORT = {
	locked: 39,
	learning: 8,
	flood: 9,
	mcastFlood: 27,
	bcastFlood: 30,
	isolated: 33,
} as const;

/** linux/if_link.h, linux/if_bridge.h */
export const IFLA_BRPORT_STATE = 1;
export const BR_STATE_DISABLED = 0;

/** linux/if_link.h: within IFLA_AF_SPEC, AF_INET. An array of numbers when read, whose first has the type 1. */
export const IFLA_INET_CONF = 1;
/** linux/ip.h */
export const IPV4_DEVCONF_ARP_IGNORE = 19;

export const VETH_INFO_PEER = 1;

export const IFF_UP = 1;
