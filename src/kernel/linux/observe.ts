import { isWeftError } from "../../model/error.ts";
import {
	hostNetns,
	type KernelState,
	keyOf,
	type Link,
	type NetnsRef,
	type Resource,
	type ResourceKey,
	routeProtocol,
} from "../../model/kernel-state.ts";
import { sysctlDevice } from "../../plan/rank.ts";
import type { ObserveScope } from "../kernel.ts";
import { getAddrsRequest, readAddr } from "../netlink/addr.ts";
import { getLinksRequest } from "../netlink/link.ts";
import { type LinkInfo, readLink } from "../netlink/link-read.ts";
import type { Message, Request } from "../netlink/message.ts";
import { getFdbsRequest, getNeighsRequest, readFdb, readNeigh } from "../netlink/neigh.ts";
import { getRoutesRequest, readRoute } from "../netlink/route.ts";
import { observeNft } from "../nft/observe.ts";
import { peerAliasHead } from "./link.ts";
import { readPeers, strangePeer, type VethPeer } from "./peers.ts";
import type { Session } from "./session.ts";
import { readSysctls } from "./sysctl.ts";
import { resumeDepartures } from "./unlink.ts";

/** @returns What `Kernel.observe` says. */
export function observeScopes(session: Session, scopes: readonly ObserveScope[]): KernelState {
	// First of all, so that ends of pairs that stand in them are known by name.
	for (const { ns } of scopes) if (ns !== hostNetns) session.nsid(ns);
	const state = new Map<ResourceKey, Resource>();
	for (const scope of scopes) {
		for (const resource of observeScope(session, scope)) state.set(keyOf(resource), resource);
	}
	return state;
}

/** @returns Nothing for a namespace that does not exist. */
function observeScope(session: Session, scope: ObserveScope): Resource[] {
	const { ns, role } = scope;
	try {
		const resources: Resource[] = role !== "host" && !ns.startsWith("/") ? [{ kind: "netns", name: ns }] : [];
		const links = readLinks(session, ns);
		const sysctls = scope.sysctls.filter((key) => hasDevice(links, sysctlDevice(key)));
		for (const [key, value] of readSysctls(ns, sysctls)) resources.push({ kind: "sysctl", ns, key, value });
		if (role === "sandbox") return [...resources, ...observeSandbox(session, ns, links)];
		resources.push(...observeDevices(session, ns, role === "overlay" ? links : ownLinks(links), links));
		resources.push(...observeNft(session.nft(ns), ns, role));
		return resources;
	} catch (error) {
		if (isWeftError(error, "NETNS_NOT_FOUND")) return [];
		throw error;
	}
}

/** What is leaving counts as gone, and what a process that was killed has left on its way out goes on. */
function readLinks(session: Session, ns: NetnsRef): LinkInfo[] {
	const links = dump(session, ns, getLinksRequest(), readLink);
	if (resumeDepartures(session, ns, links)) return readLinks(session, ns);
	return links.filter(({ ifindex }) => !session.departures.has(ns, ifindex));
}

function hasDevice(links: readonly LinkInfo[], device: string | undefined): boolean {
	return device === undefined || links.some(({ name }) => name === device);
}

/** In the host's namespace much belongs to others: weft's are the links that say so, and the ports of its bridge. */
function ownLinks(links: readonly LinkInfo[]): LinkInfo[] {
	const marked = new Set(links.filter(({ alias }) => alias.startsWith("weft")).map(({ ifindex }) => ifindex));
	return links.filter(({ ifindex, master }) => marked.has(ifindex) || marked.has(master ?? 0));
}

function observeDevices(
	session: Session,
	ns: NetnsRef,
	own: readonly LinkInfo[],
	all: readonly LinkInfo[],
): Resource[] {
	const names = new Map(own.filter(({ loopback }) => !loopback).map(({ ifindex, name }) => [ifindex, name]));
	const resources: Resource[] = linksOf(session, ns, own, all);
	if (names.size === 0) return resources;
	const onDevice = <T extends { ifindex: number }>(request: Request, read: Reader<T>, make: Maker<T>) => {
		for (const entry of dump(session, ns, request, read)) {
			const dev = names.get(entry.ifindex);
			if (dev !== undefined) resources.push(make(dev, entry));
		}
	};
	onDevice(getAddrsRequest(), readAddr, (dev, { address }) => ({ kind: "addr", ns, dev, address }));
	onDevice(getNeighsRequest(), readNeigh, (dev, { address, mac }) => ({ kind: "neigh", ns, dev, address, mac }));
	onDevice(getFdbsRequest(), readFdb, (dev, { mac, dst }) =>
		dst === undefined ? { kind: "fdb", ns, dev, mac } : { kind: "fdb", ns, dev, mac, dst },
	);
	return resources;
}

type Reader<T> = (message: Message) => T | undefined;
type Maker<T> = (dev: string, entry: T) => Resource;

function dump<T>(session: Session, ns: NetnsRef, request: Request, read: Reader<T>): T[] {
	return session
		.route(ns)
		.dump(request)
		.flatMap((message) => read(message) ?? []);
}

function linksOf(session: Session, ns: NetnsRef, own: readonly LinkInfo[], all: readonly LinkInfo[]): Link[] {
	const names = new Map(all.map(({ ifindex, name }) => [ifindex, name]));
	const peers = readPeers(
		session,
		ns,
		own.filter(({ kind }) => kind === "veth"),
	);
	return own.flatMap((info) => linkOf(ns, info, names, peers.get(info.ifindex)) ?? []);
}

/** @returns undefined for a kind of link that weft never makes. */
function linkOf(
	ns: NetnsRef,
	info: LinkInfo,
	names: ReadonlyMap<number, string>,
	peer: VethPeer = strangePeer,
): Link | undefined {
	const { name, up, mtuBytes, alias, port, mac, vxlan } = info;
	if (info.loopback) return { kind: "link", ns, name: "lo", type: "loopback", up };
	const master = info.master === undefined ? undefined : names.get(info.master);
	const base = {
		kind: "link" as const,
		ns,
		name,
		up,
		mtuBytes,
		alias,
		...(master === undefined ? {} : { master }),
		...(master === undefined || port === undefined ? {} : { port }),
	};
	if (info.kind === "bridge" && mac !== undefined) return { ...base, type: "bridge", mac };
	if (info.kind === "veth") return { ...base, type: "veth", peer };
	return info.kind === "vxlan" && vxlan !== undefined ? { ...base, type: "vxlan", ...vxlan } : undefined;
}

function observeSandbox(session: Session, ns: NetnsRef, links: readonly LinkInfo[]): Resource[] {
	const names = new Map(links.map(({ ifindex, name }) => [ifindex, name]));
	const ends = new Set(links.filter(({ alias }) => alias.startsWith(peerAliasHead)).map(({ ifindex }) => ifindex));
	const lo = links.find(({ loopback }) => loopback);
	const resources: Resource[] = [];
	if (lo !== undefined) resources.push({ kind: "link", ns, name: "lo", type: "loopback", up: lo.up });
	for (const { ifindex, address } of dump(session, ns, getAddrsRequest(), readAddr)) {
		const dev = names.get(ifindex);
		if (dev !== undefined && ends.has(ifindex)) resources.push({ kind: "addr", ns, dev, address });
	}
	for (const { ifindex, dst, via } of dump(session, ns, getRoutesRequest(routeProtocol), readRoute)) {
		const dev = names.get(ifindex);
		if (dev === undefined) continue;
		resources.push(via === undefined ? { kind: "route", ns, dst, dev } : { kind: "route", ns, dst, via, dev });
	}
	return resources;
}
