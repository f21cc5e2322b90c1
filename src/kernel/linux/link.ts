import { closeSync } from "node:fs";
import { hostNetns, type Link, type LoopbackLink, type NetnsRef, type VethLink } from "../../model/kernel-state.ts";
import { codeOf, type Errno } from "../errno.ts";
import {
	addBridgeRequest,
	addrgenmodeNoneRequest,
	addVethRequest,
	addVxlanRequest,
	delLinkRequest,
	type LinkChanges,
	setLinkRequest,
	setPortRequest,
} from "../netlink/link.ts";
import type { Request } from "../netlink/message.ts";
import { openNetns } from "../netns.ts";
import type { Session } from "./session.ts";
import { vxlanExists } from "./vni-holder.ts";

type MadeLink = Exclude<Link, LoopbackLink>;

/** How the alias of a container's end begins: says that it belongs to a pair of weft's. */
export const peerAliasHead = "peer of ";

/**
 * Makes a link, and nothing when it can't be made whole: master and port flags are set before it goes up.
 * @throws {Errno} EEXIST, ENODEV (the master), EADDRINUSE (a VXLAN port) … @throws {WeftError} NETNS_NOT_FOUND
 */
export function addLink(session: Session, link: Link): void {
	if (link.type === "loopback") {
		setLink(session, link, { ...link, up: !link.up });
		return;
	}
	patiently(session, link, () => make(session, link));
}

/** What has a name, a VNI or a place on a bridge may be just leaving. @throws {Errno} @throws {WeftError} VNI_IN_USE … */
function patiently(session: Session, link: MadeLink, work: () => void): void {
	const places = link.type === "veth" ? [link.ns, link.peer.ns] : [link.ns];
	for (;;) {
		try {
			work();
			return;
		} catch (error) {
			const code = codeOf(error);
			const wait = code === "EEXIST" || code === "EXFULL";
			// A VNI is taken wherever its device stands.
			if (wait && session.departures.hasten(link.type === "vxlan" ? undefined : places)) continue;
			throw link.type === "vxlan" && code === "EEXIST" ? vxlanExists(session, link, error as Errno) : error;
		}
	}
}

function make(session: Session, link: MadeLink): void {
	const master = link.master === undefined ? {} : { master: session.ifindex(link.ns, link.master) };
	create(session, link);
	session.linksChanged();
	try {
		const [refusal] = session.route(link.ns).request([addrgenmodeNoneRequest(link.name)]);
		if (refusal !== undefined && codeOf(refusal) !== "EAFNOSUPPORT") throw refusal;
		changeAll(session, link.ns, [
			setLinkRequest(link.name, {
				alias: link.alias,
				...master,
				...(link.type === "bridge" ? { mtuBytes: link.mtuBytes } : {}),
			}),
			...portRequests(link),
			...(link.up ? [setLinkRequest(link.name, { up: true })] : []),
		]);
		if (link.type === "veth") finishPeer(session, link);
	} catch (error) {
		session.route(link.ns).request([delLinkRequest(link.name)]);
		session.linksChanged();
		throw error;
	}
}

function create(session: Session, link: MadeLink): void {
	switch (link.type) {
		case "bridge":
			return session.route(link.ns).change(addBridgeRequest(link));
		case "vxlan":
			return withNetns(link.ns, (fd) => session.route(hostNetns).change(addVxlanRequest(link, fd)));
		case "veth":
			for (const ns of [link.ns, link.peer.ns]) if (ns !== hostNetns) session.nsid(ns);
			return withNetns(link.peer.ns, (fd) => session.route(link.ns).change(addVethRequest(link, fd)));
	}
}

function finishPeer(session: Session, { alias, peer: { ns, name, up, arpIgnore } }: VethLink): void {
	const ownAlias = `${peerAliasHead}${alias}`.slice(0, maxAliasLength);
	session.route(ns).change(setLinkRequest(name, { alias: ownAlias, up, arpIgnore }));
}

/** Changes what differs between `was` and `link`. @throws {Errno} ENODEV … @throws {WeftError} NETNS_NOT_FOUND */
export function setLink(session: Session, link: Link, was: Link): void {
	if (link.type === "loopback") change(session, link, was);
	else patiently(session, link, () => change(session, link, was));
}

function change(session: Session, link: Link, was: Link): void {
	// Whatever is leaving cannot be changed.
	session.ifindex(link.ns, link.name);
	const requests: Request[] = [];
	if (was.up && !link.up) requests.push(setLinkRequest(link.name, { up: false }));
	if (link.type !== "loopback" && was.type !== "loopback") {
		const changes = changesOf(session, link, was);
		if (Object.keys(changes).length > 0) requests.push(setLinkRequest(link.name, changes));
		requests.push(...portRequests(link));
	}
	if (!was.up && link.up) requests.push(setLinkRequest(link.name, { up: true }));
	if (requests.length > 0) changeAll(session, link.ns, requests);
	if (link.type === "veth" && was.type === "veth") setPeer(session, link.peer, was.peer);
}

function changesOf(session: Session, link: MadeLink, was: MadeLink): LinkChanges {
	const remaster = link.master !== was.master;
	return {
		...(link.mtuBytes === was.mtuBytes ? {} : { mtuBytes: link.mtuBytes }),
		...(link.alias === was.alias ? {} : { alias: link.alias }),
		...(link.type === "bridge" && was.type === "bridge" && link.mac !== was.mac ? { mac: link.mac } : {}),
		...(remaster ? { master: link.master === undefined ? 0 : session.ifindex(link.ns, link.master) } : {}),
	};
}

function setPeer(session: Session, peer: VethLink["peer"], was: VethLink["peer"]): void {
	const changes: LinkChanges = {
		...(peer.mtuBytes === was.mtuBytes ? {} : { mtuBytes: peer.mtuBytes }),
		...(peer.mac === was.mac ? {} : { mac: peer.mac }),
		...(peer.up === was.up ? {} : { up: peer.up }),
		...(peer.arpIgnore === was.arpIgnore ? {} : { arpIgnore: peer.arpIgnore }),
	};
	if (Object.keys(changes).length > 0) changeAll(session, peer.ns, [setLinkRequest(peer.name, changes)]);
}

function portRequests(link: MadeLink): Request[] {
	return link.master === undefined || link.port === undefined ? [] : [setPortRequest(link.name, link.port)];
}

/** Sends changes in one go. @throws {Errno} What the first one was refused with. */
function changeAll(session: Session, ns: NetnsRef, requests: readonly Request[]): void {
	const error = session
		.route(ns)
		.request(requests)
		.find((one) => one !== undefined);
	if (error !== undefined) throw error;
}

function withNetns(ns: NetnsRef, work: (fd: number) => void): void {
	const fd = openNetns(ns);
	try {
		work(fd);
	} finally {
		closeSync(fd);
	}
}

/** IFALIASZ less the NUL. */
const maxAliasLength = 255;
