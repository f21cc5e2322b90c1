import { isWeftError } from "../../model/error.ts";
import type { Link, LoopbackLink, NetnsRef } from "../../model/kernel-state.ts";
import { codeOf, type Errno } from "../errno.ts";
import { closePortRequest, delLinkGroupRequest, getLinksRequest, linkGroup, setLinkRequest } from "../netlink/link.ts";
import { type LinkInfo, readLink } from "../netlink/link-read.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { deleteNetns } from "../netns.ts";
import type { LinkEnd } from "./departures.ts";
import { readPeers } from "./peers.ts";
import type { Session } from "./session.ts";

export type MadeLink = Exclude<Link, LoopbackLink>;

/** Whether links go while others go on, or before anything else is done: what is made next may need their names. */
export type Pace = "aside" | "now";

/**
 * Deletes links of one namespace. Nothing passes them any more when it returns, also where they go aside.
 * They are put into a group of their own, because that costs no more than one link.
 * @returns One entry for each: undefined where it goes, or what that was refused with.
 */
export function unlink(session: Session, ns: NetnsRef, links: readonly MadeLink[], pace: Pace): (Errno | undefined)[] {
	const socket = session.route(ns);
	closePorts(socket, links);
	const errors = socket.request(links.map(({ name }) => setLinkRequest(name, { group: doomedGroup })));
	const going = links.filter((_, i) => errors[i] === undefined);
	const request = delLinkGroupRequest(doomedGroup);
	let refusal: Errno | undefined;
	if (going.length > 0) {
		if (pace === "now") [refusal] = socket.request([request]);
		else
			session.departures.begin(
				ns,
				request,
				going.flatMap((link) => endsOf(session, link)),
			);
	}
	session.linksChanged();
	return errors.map((error) => unlessGone(error ?? refusal));
}

/**
 * Removes a namespace. Its links go in a request of their own: left to the end of the namespace, its VNI and the other ends
 * of its pairs would be in the way for up to two seconds.
 */
export function removeNetns(session: Session, name: string, pace: Pace): void {
	try {
		const socket = session.route(name);
		const links = socket.dump(getLinksRequest()).map(readLink);
		const going = links.filter(({ loopback, ifindex }) => !loopback && !session.departures.has(name, ifindex));
		closePorts(socket, going);
		const request = delLinkGroupRequest(linkGroup);
		if (pace === "now") {
			const refusal = unlessGone(socket.request([request])[0]);
			if (refusal !== undefined) throw refusal;
		} else if (going.length > 0) session.departures.begin(name, request, endsWithin(session, name, going));
	} catch (error) {
		if (!isWeftError(error, "NETNS_NOT_FOUND")) throw error;
	}
	session.leave(name);
	session.linksChanged();
	deleteNetns(name);
}

function closePorts(socket: NetlinkSocket, links: readonly { name: string; master?: unknown }[]): void {
	// One that is no port, or gone, needs no closing.
	socket.request(links.filter(({ master }) => master !== undefined).map(({ name }) => closePortRequest(name)));
}

function endsOf(session: Session, link: MadeLink): LinkEnd[] {
	const own = endOf(session, link.ns, link.name);
	return link.type === "veth" ? [...own, ...endOf(session, link.peer.ns, link.peer.name)] : own;
}

/** @returns Nothing for one that is gone. */
function endOf(session: Session, ns: NetnsRef, name: string): LinkEnd[] {
	try {
		return [{ ns, ifindex: session.ifindex(ns, name) }];
	} catch (error) {
		if (isWeftError(error, "NETNS_NOT_FOUND") || codeOf(error) === "ENODEV") return [];
		throw error;
	}
}

function endsWithin(session: Session, ns: NetnsRef, links: readonly LinkInfo[]): LinkEnd[] {
	const peers = readPeers(
		session,
		ns,
		links.filter(({ kind }) => kind === "veth"),
	);
	return links.flatMap(({ ifindex, link }) => {
		const peer = peers.get(ifindex);
		const own = { ns, ifindex };
		return peer === undefined || link === undefined ? [own] : [own, { ns: peer.ns, ifindex: link }];
	});
}

function unlessGone(error: Errno | undefined): Errno | undefined {
	return error === undefined || codeOf(error) === "ENODEV" ? undefined : error;
}

const doomedGroup = 8787;
