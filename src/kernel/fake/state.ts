import { constants } from "node:os";
import type { Ipv4, Mac } from "../../model/address.ts";
import type {
	Addr,
	Fdb,
	Neigh,
	NetnsRef,
	NftElement,
	NftForeignRule,
	NftTable,
	PortFlags,
	Route,
} from "../../model/kernel-state.ts";
import type { NftFamily } from "../../model/nft.ts";
import type { Cidr, Prefix } from "../../model/prefix.ts";
import { Errno } from "../errno.ts";
import { netnsNotFound } from "../op-result.ts";

/** A device, with all that dies with it. */
export interface FakeDev {
	readonly type: "bridge" | "vxlan" | "veth" | "peer" | "loopback" | "underlay";
	readonly ns: FakeNs;
	readonly name: string;
	up: boolean;
	mtuBytes: number;
	alias: string;
	mac?: Mac;
	master?: FakeDev;
	port?: PortFlags;
	/** Of a container's end. */
	arpIgnore?: boolean;
	/** Of a vxlan device. */
	readonly vxlan?: { readonly vni: number; readonly dstPort: number };
	/** Of an underlay device: the default gateway behind it. */
	gateway?: Ipv4;
	/** The other end of a pair. */
	other?: FakeDev;
	readonly addrs: Map<Cidr, Addr>;
	readonly neighs: Map<Ipv4, Neigh>;
	/** The device's own entries (`self`). */
	readonly fdb: Map<Mac, Fdb>;
	/** The bridge's entries that point to this port (`master static`). */
	readonly masterFdb: Map<Mac, Fdb>;
}

export interface FakeTable {
	readonly table: NftTable;
	/** By `keyOf`. */
	readonly elements: Map<string, NftElement>;
}

/** A chain of another program. */
export interface FakeChain {
	readonly family: NftFamily;
	readonly table: string;
	readonly chain: string;
	/** It hooks forward, with a policy of drop. */
	readonly dropsForwarded: boolean;
	/** Its table takes rules from its owner alone. */
	readonly owned: boolean;
	/** weft's rules in it, by comment. */
	readonly rules: Map<string, NftForeignRule>;
}

export interface FakeNs {
	readonly ref: NetnsRef;
	readonly cookie: string;
	readonly devs: Map<string, FakeDev>;
	/** Which port each MAC of the bridge's static entries points to. */
	readonly bridgeFdb: Map<Mac, FakeDev>;
	readonly routes: Map<Prefix, Route>;
	readonly sysctls: Map<string, string>;
	/** By family and name. */
	readonly tables: Map<string, FakeTable>;
	/** By family, table and name. */
	readonly foreignChains: Map<string, FakeChain>;
}

/** One host: its namespaces by the names that weft calls them, "host" among them. */
export interface FakeHost {
	readonly namespaces: Map<NetnsRef, FakeNs>;
	/** All vxlan devices share the host's namespace as their origin: `<vni> <port>`. */
	readonly vnis: Set<string>;
	nextCookie: number;
}

type ErrnoName = keyof typeof constants.errno;

/** @returns What the kernel would refuse with, for `throw`. */
export function refusal(call: string, code: ErrnoName | "EXFULL"): Errno {
	return new Errno(call, code === "EXFULL" ? 54 : constants.errno[code]);
}

export function makeNs(host: FakeHost, ref: NetnsRef): FakeNs {
	const ns: FakeNs = {
		ref,
		cookie: String(host.nextCookie++),
		devs: new Map(),
		bridgeFdb: new Map(),
		routes: new Map(),
		sysctls: new Map(),
		tables: new Map(),
		foreignChains: new Map(),
	};
	host.namespaces.set(ref, ns);
	makeDev(ns, "lo", { type: "loopback", up: false, mtuBytes: 65536, alias: "" });
	return ns;
}

/** What a new device is made of; more is taken no notice of. */
type NewDev = Pick<FakeDev, "type" | "up" | "mtuBytes" | "alias"> &
	Partial<Pick<FakeDev, "mac">> & { readonly vni?: number; readonly dstPort?: number };

export function makeDev(ns: FakeNs, name: string, made: NewDev): FakeDev {
	const { type, up, mtuBytes, alias, mac, vni, dstPort } = made;
	const dev: FakeDev = {
		type,
		up,
		mtuBytes,
		alias,
		...(mac === undefined ? {} : { mac }),
		...(vni === undefined || dstPort === undefined ? {} : { vxlan: { vni, dstPort } }),
		ns,
		name,
		addrs: new Map(),
		neighs: new Map(),
		fdb: new Map(),
		masterFdb: new Map(),
	};
	ns.devs.set(name, dev);
	return dev;
}

/** @throws {WeftError} NETNS_NOT_FOUND, for ENOENT. */
export function nsNamed(host: FakeHost, ref: NetnsRef): FakeNs {
	const ns = host.namespaces.get(ref);
	if (ns === undefined) throw netnsNotFound(ref, refusal("open", "ENOENT"));
	return ns;
}

/** @throws {Errno} ENODEV */
export function devNamed(ns: FakeNs, name: string, call: string): FakeDev {
	const dev = ns.devs.get(name);
	if (dev === undefined) throw refusal(call, "ENODEV");
	return dev;
}

/** Takes the neighbours and the routes of a device. */
export function disableIp(dev: FakeDev): void {
	dev.neighs.clear();
	for (const [dst, route] of dev.ns.routes) if (route.dev === dev.name) dev.ns.routes.delete(dst);
}
