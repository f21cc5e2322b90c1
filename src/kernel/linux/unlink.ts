import { isWeftError } from "../../model/error.ts";
import type { NetnsRef } from "../../model/kernel-state.ts";
import { codeOf, Errno } from "../errno.ts";
import { closePortRequest, getLinkRequest, getLinksRequest, linkGroup, setLinkRequest } from "../netlink/link.ts";
import { type LinkInfo, readLink } from "../netlink/link-read.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { deleteNetns } from "../netns.ts";
import { type LinkEnd, leavingGroup } from "./departures.ts";
import { readPeers } from "./peers.ts";
import type { Session } from "./session.ts";

/**
 * Deletes links of one namespace. Nothing passes them any more when it returns, and they count as gone; the kernel takes its time.
 * @returns One entry for each: undefined where it goes or is gone, or what that was refused with.
 * @throws {WeftError} NETNS_NOT_FOUND
 */
export function unlink(session: Session, ns: NetnsRef, names: readonly string[]): (Errno | undefined)[] {
	const found = session.route(ns).getMany(names.map((name) => getLinkRequest(name)));
	const links = found.map((reply) => (reply instanceof Errno ? reply : readLink(reply)));
	const refused = dismiss(
		session,
		ns,
		links.filter((link): link is LinkInfo => !(link instanceof Errno)),
	);
	return links.map((link) => unlessGone(link instanceof Errno ? link : refused.get(link.ifindex)));
}

/**
 * Removes a namespace. Its links go in a request of their own: left to the end of the namespace, its VNI and the other ends
 * of its pairs would be in the way for up to two seconds.
 */
export function removeNetns(session: Session, name: string): void {
	try {
		const links = session.route(name).dump(getLinksRequest()).map(readLink);
		dismiss(
			session,
			name,
			links.filter(({ group }) => group === linkGroup),
		);
	} catch (error) {
		if (!isWeftError(error, "NETNS_NOT_FOUND")) throw error;
	}
	session.leave(name);
	session.departures.forget(name);
	session.linksChanged();
	deleteNetns(name);
}

/** Lets links go that a process which was killed has put into the leaving group. @returns Whether there were such. */
export function resumeDepartures(session: Session, ns: NetnsRef, links: readonly LinkInfo[]): boolean {
	const left = links.filter(({ group, ifindex }) => group === leavingGroup && !session.departures.has(ns, ifindex));
	return left.length > 0 && dismiss(session, ns, left).size < left.length;
}

/** Several links go in one request, because that costs no more than one. @returns What was refused, by index. */
function dismiss(session: Session, ns: NetnsRef, links: readonly LinkInfo[]): Map<number, Errno> {
	const refused = new Map<number, Errno>();
	const leaving = new Map<number, LinkInfo>();
	const socket = session.route(ns);
	const peers = peerEnds(session, ns, links);
	// Before the ports are closed, so that a closed port is never in another group, whenever this process is killed.
	const errors = socket.request(links.map(({ ifindex }) => setLinkRequest(ifindex, { group: leavingGroup })));
	for (const [i, link] of links.entries()) {
		const error = errors[i];
		if (error === undefined) leaving.set(link.ifindex, link);
		else refused.set(link.ifindex, error);
	}
	const ports = [...leaving.values()].filter(({ master }) => master !== undefined);
	// One that is no port any more, or gone, needs no closing.
	socket.request(ports.map(({ ifindex }) => closePortRequest(ifindex)));
	const ends = [...leaving.keys()].flatMap((ifindex) => [{ ns, ifindex }, ...(peers.get(ifindex) ?? [])]);
	if (ends.length > 0) session.departures.begin(ns, ends);
	if (freesPorts(socket, leaving)) while (session.departures.hasten([ns]));
	session.linksChanged();
	return refused;
}

/** @returns Whether links stay that are ports of a bridge which leaves: what they were to it cannot count as gone, so it has to go. */
function freesPorts(socket: NetlinkSocket, leaving: ReadonlyMap<number, LinkInfo>): boolean {
	if (![...leaving.values()].some(({ kind }) => kind === "bridge")) return false;
	const links = socket.dump(getLinksRequest()).map(readLink);
	return links.some(({ master = 0, ifindex }) => leaving.has(master) && !leaving.has(ifindex));
}

/** @returns The other ends of pairs, where weft knows them, by the index of this one. */
function peerEnds(session: Session, ns: NetnsRef, links: readonly LinkInfo[]): Map<number, LinkEnd[]> {
	const veths = links.filter(({ kind }) => kind === "veth");
	const peers = readPeers(session, ns, veths);
	return new Map(
		veths.map(({ ifindex, link }) => {
			const peer = peers.get(ifindex);
			return [ifindex, peer === undefined || link === undefined ? [] : [{ ns: peer.ns, ifindex: link }]];
		}),
	);
}

function unlessGone(error: Errno | undefined): Errno | undefined {
	return error === undefined || codeOf(error) === "ENODEV" ? undefined : error;
}
