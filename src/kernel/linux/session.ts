import { constants } from "node:os";
import { hostNetns, type NetnsRef } from "../../model/kernel-state.ts";
import { codeOf, Errno } from "../errno.ts";
import { getLinkRequest } from "../netlink/link.ts";
import { readLink } from "../netlink/link-read.ts";
import { NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkSocket } from "../netlink/socket.ts";
import type { Departures } from "./departures.ts";
import type { Nsids } from "./nsids.ts";

interface Space {
	route?: NetlinkSocket;
	nft?: NetlinkSocket;
	/** By name; what was looked up since the last change of a link. */
	readonly ifindexes: Map<string, number>;
}

/**
 * The sockets of one call: opened when first needed (20 µs), closed with the call, because a socket keeps its namespace,
 * and the VNI in it, alive.
 */
export class Session {
	readonly departures: Departures;
	readonly #spaces = new Map<NetnsRef, Space>();
	readonly #nsids: Nsids;
	readonly #resolved = new Map<NetnsRef, number | undefined>();

	constructor(nsids: Nsids, departures: Departures) {
		this.#nsids = nsids;
		this.departures = departures;
	}

	/** @throws {WeftError} NETNS_NOT_FOUND, NOT_PERMITTED */
	route(ns: NetnsRef): NetlinkSocket {
		const space = this.#space(ns);
		space.route ??= NetlinkSocket.open(ns, NETLINK_ROUTE);
		return space.route;
	}

	/** @throws {WeftError} NETNS_NOT_FOUND, NOT_PERMITTED */
	nft(ns: NetnsRef): NetlinkSocket {
		const space = this.#space(ns);
		space.nft ??= NetlinkSocket.open(ns, NETLINK_NETFILTER);
		return space.nft;
	}

	/** @throws {Errno} ENODEV, also for a link that is leaving */
	ifindex(ns: NetnsRef, name: string): number {
		const { ifindexes } = this.#space(ns);
		const known = ifindexes.get(name);
		if (known !== undefined) return known;
		const { ifindex } = readLink(this.route(ns).get(getLinkRequest(name)));
		if (this.departures.has(ns, ifindex)) throw new Errno("RTM_GETLINK", constants.errno.ENODEV);
		ifindexes.set(name, ifindex);
		return ifindex;
	}

	/** @returns Whether there is such a link, and it is not leaving. */
	has(ns: NetnsRef, name: string): boolean {
		try {
			return this.ifindex(ns, name) > 0;
		} catch (error) {
			if (codeOf(error) === "ENODEV") return false;
			throw error;
		}
	}

	/** Links were made or deleted: a veth's other end goes along, wherever it is. */
	linksChanged(): void {
		for (const { ifindexes } of this.#spaces.values()) ifindexes.clear();
	}

	/** @returns The number of a namespace in the host's; undefined when there is no such namespace. Asked once. */
	nsid(ref: NetnsRef): number | undefined {
		if (!this.#resolved.has(ref)) this.#resolved.set(ref, this.#nsids.resolve(this.route(hostNetns), ref));
		return this.#resolved.get(ref);
	}

	/** @returns Which namespace has this number in the host's, if that is one that weft knows. */
	refOf(nsid: number): NetnsRef | undefined {
		const ref = this.#nsids.refOf(nsid);
		// The number may have passed on to another namespace, and the name as well.
		return ref !== undefined && this.nsid(ref) === nsid ? ref : undefined;
	}

	/** Closes what is open in a namespace, so that it can go. */
	leave(ns: NetnsRef): void {
		const space = this.#spaces.get(ns);
		space?.route?.close();
		space?.nft?.close();
		this.#spaces.delete(ns);
		this.#resolved.delete(ns);
	}

	[Symbol.dispose](): void {
		for (const ns of [...this.#spaces.keys()]) this.leave(ns);
	}

	#space(ns: NetnsRef): Space {
		let space = this.#spaces.get(ns);
		if (space !== undefined) return space;
		for (const open of this.#spaces.keys()) {
			if (this.#spaces.size < maxOpen) break;
			if (open !== hostNetns) this.leave(open);
		}
		space = { ifindexes: new Map() };
		this.#spaces.set(ns, space);
		return space;
	}
}

/** Namespaces with open sockets: well below what a process may open, however many namespaces one call is about. */
const maxOpen = 64;
