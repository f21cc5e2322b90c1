import type { Ipv4, Mac } from "./address.ts";
import type { NftChain, NftFamily, NftRule, NftSet } from "./nft.ts";
import type { Cidr, Prefix } from "./prefix.ts";

/**
 * Which network namespace: "host" (the agent's own), a name below /run/netns, or an absolute path
 * to a namespace that another program made.
 */
export type NetnsRef = string;

export const hostNetns: NetnsRef = "host";

/** A namespace that weft makes and removes, pinned at /run/netns/<name>. The host's and foreign ones are never resources. */
export interface Netns {
	readonly kind: "netns";
	readonly name: string;
}

/** Bridge port flags (man bridge-link). All are given; none is left to a default. */
export interface PortFlags {
	readonly locked: boolean;
	readonly learning: boolean;
	readonly flood: boolean;
	readonly mcastFlood: boolean;
	readonly bcastFlood: boolean;
	readonly isolated: boolean;
}

interface LinkBase {
	readonly kind: "link";
	readonly ns: NetnsRef;
	readonly name: string;
	readonly up: boolean;
	readonly mtuBytes: number;
	/** IFLA_IFALIAS: says whose it is. Kept through renames, moves and the death of the maker. */
	readonly alias: string;
	/** The bridge, by name, in the same namespace. */
	readonly master?: string;
	readonly port?: PortFlags;
}

/** Made with mcast_snooping 0, addrgenmode none. */
export interface BridgeLink extends LinkBase {
	readonly type: "bridge";
	readonly mac: Mac;
}

/** Made from the host's namespace, so that its UDP socket is there; nolearning, proxy, no `dev`, no `df`, addrgenmode none. */
export interface VxlanLink extends LinkBase {
	readonly type: "vxlan";
	readonly vni: number;
	readonly dstPort: number;
}

/** A pair. The resource stands where the host's end is; the container's end belongs to it. The host's end has addrgenmode none. */
export interface VethLink extends LinkBase {
	readonly type: "veth";
	readonly peer: {
		readonly ns: NetnsRef;
		readonly name: string;
		readonly mac: Mac;
		readonly mtuBytes: number;
		readonly up: boolean;
		/** Answers ARP for its own addresses, and for none of another interface in its namespace (arp_ignore 1). */
		readonly arpIgnore: boolean;
	};
}

/** `lo` of a namespace: never made, only set up. Its deletion is no operation. */
export interface LoopbackLink {
	readonly kind: "link";
	readonly ns: NetnsRef;
	readonly name: "lo";
	readonly type: "loopback";
	readonly up: boolean;
}

export type Link = BridgeLink | VxlanLink | VethLink | LoopbackLink;

export interface Addr {
	readonly kind: "addr";
	readonly ns: NetnsRef;
	readonly dev: string;
	readonly address: Cidr;
}

/** A route of protocol {@link routeProtocol} in the main table. The kernel's own connected routes are not resources. */
export interface Route {
	readonly kind: "route";
	readonly ns: NetnsRef;
	readonly dst: Prefix;
	readonly via?: Ipv4;
	readonly dev: string;
}

/** rtm_protocol of weft's routes: says whose they are (`ip route` prints the number). */
export const routeProtocol = 87;

/** A permanent neighbour entry. */
export interface Neigh {
	readonly kind: "neigh";
	readonly ns: NetnsRef;
	readonly dev: string;
	readonly address: Ipv4;
	readonly mac: Mac;
}

/**
 * A forwarding entry. With `dst` it is the VXLAN device's own (`bridge fdb … dev vxlan1 dst … self permanent`);
 * without, it is the bridge's for that port (`bridge fdb … dev veth0 master static`).
 */
export interface Fdb {
	readonly kind: "fdb";
	readonly ns: NetnsRef;
	readonly dev: string;
	readonly mac: Mac;
	readonly dst?: Ipv4;
}

/** @example { key: "net.ipv4.ip_forward", value: "1" } — dots between the parts; a device with a dot is never named. */
export interface Sysctl {
	readonly kind: "sysctl";
	readonly ns: NetnsRef;
	readonly key: string;
	readonly value: string;
}

/** A whole table of weft's own: chains, rules and the declarations of its sets. Replaced in one transaction, elements included. */
export interface NftTable {
	readonly kind: "nft-table";
	readonly ns: NetnsRef;
	readonly family: NftFamily;
	readonly name: string;
	readonly sets: readonly NftSet[];
	readonly chains: readonly NftChain[];
}

/** One element of a set of weft's own table, so that one more endpoint is one more element. */
export interface NftElement {
	readonly kind: "nft-element";
	readonly ns: NetnsRef;
	readonly family: NftFamily;
	readonly table: string;
	readonly set: string;
	/** One text for each part of the set's type: ["veth0", "10.0.0.2"]. */
	readonly element: readonly string[];
}

/** A rule at the head of a chain that another program owns (Docker's, a firewall's), marked by a comment of weft. */
export interface NftForeignRule {
	readonly kind: "nft-rule";
	readonly ns: NetnsRef;
	readonly family: NftFamily;
	readonly table: string;
	readonly chain: string;
	/** Begins with "weft"; unique within the chain. */
	readonly comment: string;
	readonly rule: NftRule;
}

export type Resource = Netns | Link | Addr | Route | Neigh | Fdb | Sysctl | NftTable | NftElement | NftForeignRule;

/** What a resource is called, whatever its content: two states are compared key by key. */
export type ResourceKey = string;

/**
 * All that weft holds in one kernel: a plain value. A map, because a host with ten thousand remote endpoints
 * changes by one entry at a time, and the cost of that must not grow with the rest.
 */
export type KernelState = ReadonlyMap<ResourceKey, Resource>;

export function keyOf(r: Resource): ResourceKey {
	switch (r.kind) {
		case "netns":
			return `netns ${r.name}`;
		case "link":
			return `link ${r.ns} ${r.name}`;
		case "addr":
			return `addr ${r.ns} ${r.dev} ${r.address}`;
		case "route":
			return `route ${r.ns} ${r.dst}`;
		case "neigh":
			return `neigh ${r.ns} ${r.dev} ${r.address}`;
		case "fdb":
			return r.dst === undefined ? `fdb ${r.ns} master ${r.mac}` : `fdb ${r.ns} ${r.dev} ${r.mac}`;
		case "sysctl":
			return `sysctl ${r.ns} ${r.key}`;
		case "nft-table":
			return `nft-table ${r.ns} ${r.family} ${r.name}`;
		case "nft-element":
			return `nft-element ${r.ns} ${r.family} ${r.table} ${r.set} ${r.element.join(" . ")}`;
		case "nft-rule":
			return `nft-rule ${r.ns} ${r.family} ${r.table} ${r.chain} ${r.comment}`;
	}
}

/** The namespace that a resource stands in; for a namespace, itself. */
export function nsOf(r: Resource): NetnsRef {
	return r.kind === "netns" ? r.name : r.ns;
}

/** @throws {RangeError} Two resources claim one key: a fault of the driver that made them. */
export function kernelState(resources: Iterable<Resource>): Map<ResourceKey, Resource> {
	const state = new Map<ResourceKey, Resource>();
	for (const resource of resources) {
		const key = keyOf(resource);
		if (state.has(key)) throw new RangeError(`Cannot hold two resources under one key: ${key}`);
		state.set(key, resource);
	}
	return state;
}
