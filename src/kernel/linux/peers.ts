import { closeSync } from "node:fs";
import type { Mac } from "../../model/address.ts";
import { hostNetns, type NetnsRef, type VethLink } from "../../model/kernel-state.ts";
import { Errno } from "../errno.ts";
import { getLinkRequest } from "../netlink/link.ts";
import { type LinkInfo, readLink } from "../netlink/link-read.ts";
import type { Request } from "../netlink/message.ts";
import { getNsidsRequest, readNsid, translateNsidRequest } from "../netlink/nsid.ts";
import { openNetns } from "../netns.ts";
import { numberOf } from "./nsids.ts";
import type { Session } from "./session.ts";

export type VethPeer = VethLink["peer"];

/** What differs from any other end that could be wanted: it is gone, or in a namespace that weft has nothing to do with. */
export const strangePeer: VethPeer = {
	ns: "?",
	name: "",
	mac: "00:00:00:00:00:00" as Mac,
	mtuBytes: 0,
	up: false,
	arpIgnore: false,
};

/**
 * Looks up the other ends of pairs, all in one send, from the namespace that the pairs stand in.
 * @returns By the index of the end that stands in `ns`.
 */
export function readPeers(session: Session, ns: NetnsRef, veths: readonly LinkInfo[]): Map<number, VethPeer> {
	const peers = new Map<number, VethPeer>();
	if (veths.length === 0) return peers;
	const places = placesOf(session, ns, veths);
	const asked: { readonly ifindex: number; readonly ref: NetnsRef }[] = [];
	const requests: Request[] = [];
	for (const { ifindex, link, linkNetnsid } of veths) {
		const ref = linkNetnsid === undefined ? ns : places.get(linkNetnsid);
		if (link === undefined || ref === undefined) continue;
		asked.push({ ifindex, ref });
		requests.push(getLinkRequest(link, linkNetnsid));
	}
	for (const [i, reply] of session.route(ns).getMany(requests).entries()) {
		const pair = asked[i];
		if (pair === undefined || reply instanceof Errno) continue;
		const { name, mac = strangePeer.mac, mtuBytes, up, arpIgnore = false } = readLink(reply);
		peers.set(pair.ifindex, { ns: pair.ref, name, mac, mtuBytes, up, arpIgnore });
	}
	return peers;
}

/** @returns The names of namespaces by their numbers in `ns`, of those that weft knows. */
function placesOf(session: Session, ns: NetnsRef, veths: readonly LinkInfo[]): Map<number, NetnsRef> {
	const places = new Map<number, NetnsRef>();
	const note = (nsid: number, current: number) => {
		const ref = session.refOf(current);
		if (ref !== undefined) places.set(nsid, ref);
	};
	if (ns === hostNetns) {
		for (const nsid of new Set(veths.map(({ linkNetnsid }) => linkNetnsid ?? -1))) note(nsid, nsid);
		return places;
	}
	const own = session.nsid(ns);
	if (own === undefined) return places;
	// The same namespaces by their numbers here and in the host's, where all that weft knows have one.
	for (const message of session.route(hostNetns).dump(getNsidsRequest(own))) {
		const { nsid, current } = readNsid(message);
		note(nsid, current);
	}
	const host = hostNsidIn(session, ns);
	places.set(host, hostNetns);
	// What the dump left out is asked for one by one.
	const left = new Set(veths.flatMap(({ linkNetnsid = host }) => (places.has(linkNetnsid) ? [] : [linkNetnsid])));
	for (const reply of session.route(ns).getMany([...left].map((nsid) => translateNsidRequest(nsid, host)))) {
		if (reply instanceof Errno) continue;
		// Asked from the other side: there these numbers are the current ones.
		const { nsid, current } = readNsid(reply);
		note(current, nsid);
	}
	return places;
}

/** @returns The host's number in another namespace, which gives it one when it has none. */
function hostNsidIn(session: Session, ns: NetnsRef): number {
	const fd = openNetns(hostNetns);
	try {
		return numberOf(session.route(ns), fd);
	} finally {
		closeSync(fd);
	}
}
