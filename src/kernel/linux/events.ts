import type { KernelOp } from "../../model/kernel-op.ts";
import { hostNetns, type NetnsRef, nsOf } from "../../model/kernel-state.ts";
import type { KernelEvent, OpResult } from "../kernel.ts";
import { EventSocket, type NetlinkEvent } from "../netlink/event-socket.ts";
import { readNsid } from "../netlink/nsid.ts";
import { isOwnPort } from "../netlink/port-id.ts";
import { RTM_DELLINK, RTM_DELNSID, RTM_NEWLINK } from "../netlink/rtnetlink.ts";
import { NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkSocket } from "../netlink/socket.ts";
import { ifindexOf, kindOf, LinkMemory } from "./classify.ts";
import type { Departures } from "./departures.ts";
import type { Nsids } from "./nsids.ts";
import type { Session } from "./session.ts";

type Listener = (event: KernelEvent) => void;

/** Whether what the kernel does by itself in a namespace is a consequence of an own change. */
type IsOwnDoing = (ns: NetnsRef) => boolean;

/**
 * The changes that other programs make, in the namespaces that are watched.
 *
 * Own changes are known by the port id of the socket that asked for them. What follows from them (neighbours of a link that
 * goes down) and all forwarding entries come without one, so in the namespaces that a call of `apply` is about, what the
 * kernel tells during that call without a port id counts as own: whatever else happens in these milliseconds is found by the audit.
 * So does what it tells of a link that is leaving.
 */
export class Events {
	readonly #nsids: Nsids;
	readonly #departures: Departures;
	readonly #watched = new Set<NetnsRef>([hostNetns]);
	readonly #listeners = new Set<Listener>();
	/** To be told in the next turn, each once: a hundred changes of one namespace are one reason to read it. */
	readonly #pending = new Map<string, KernelEvent>();
	#memory = new LinkMemory();
	#sockets: { readonly route: EventSocket; readonly nft: EventSocket } | undefined;

	constructor(nsids: Nsids, departures: Departures) {
		this.#nsids = nsids;
		this.#departures = departures;
	}

	/** @throws {WeftError} NOT_PERMITTED */
	subscribe(listener: Listener): () => void {
		this.#sockets ??= this.#open();
		// A wrapper of its own: one function may subscribe twice.
		const own: Listener = (event) => listener(event);
		this.#listeners.add(own);
		return () => {
			this.#listeners.delete(own);
			if (this.#listeners.size === 0) this.close();
		};
	}

	watch(session: Session, ns: NetnsRef): void {
		this.#watched.add(ns);
		if (ns !== hostNetns) session.nsid(ns);
	}

	/** Applies, and keeps quiet about it. */
	withoutOwn(session: Session, ops: readonly KernelOp[], apply: () => OpResult[]): OpResult[] {
		this.#drain(() => false);
		try {
			return apply();
		} finally {
			for (const { verb, resource } of ops) {
				if (resource.kind !== "netns") continue;
				if (verb === "del") this.#nsids.forget(resource.name);
				else if (this.#watched.has(resource.name)) this.#nsids.resolve(session.route(hostNetns), resource.name);
			}
			const touched = new Set(ops.flatMap(({ resource: r }) => (isPair(r) ? [r.ns, r.peer.ns] : [nsOf(r)])));
			this.#drain((ns) => touched.has(ns));
		}
	}

	/** Links that were leaving have gone. */
	onDeparted(): void {
		this.#drain(() => false);
	}

	close(): void {
		this.#sockets?.route.close();
		this.#sockets?.nft.close();
		this.#sockets = undefined;
		this.#listeners.clear();
		this.#pending.clear();
		this.#memory = new LinkMemory();
	}

	#open() {
		const drain = () => this.#drain(() => false);
		const route = new EventSocket(NETLINK_ROUTE, routeGroups, drain);
		try {
			return { route, nft: new EventSocket(NETLINK_NETFILTER, [NFNLGRP_NFTABLES], drain) };
		} catch (error) {
			route.close();
			throw error;
		}
	}

	#drain(isOwnDoing: IsOwnDoing): void {
		if (this.#sockets === undefined) return;
		const { route, nft } = this.#sockets;
		drainSocket(
			route,
			(event) => this.#onRoute(event, isOwnDoing),
			() => this.#tell({ kind: "overrun" }),
		);
		drainSocket(
			nft,
			(event) => this.#onNft(event),
			() => this.#tell({ kind: "overrun" }),
		);
	}

	#onRoute({ nsid, message }: NetlinkEvent, isOwnDoing: IsOwnDoing): void {
		if (message.type === RTM_DELNSID) {
			this.#onNetnsGone(readNsid(message).nsid);
			return;
		}
		const ns = this.#watchedRef(nsid);
		const kind = ns === undefined ? undefined : kindOf(message);
		if (ns === undefined || kind === undefined) return;
		const isLink = message.type === RTM_NEWLINK || message.type === RTM_DELLINK;
		if (isLink && !this.#memory.note(nsid, message)) return;
		if (isOwnPort(message.portId)) return;
		if (message.portId === 0 && (isOwnDoing(ns) || this.#departures.has(ns, ifindexOf(message)))) return;
		this.#tell({ kind, ns });
	}

	#onNft({ nsid, message }: NetlinkEvent): void {
		const ns = this.#watchedRef(nsid);
		// One for each transaction, after all else about it.
		if (message.type !== NFT_NEWGEN || isOwnPort(message.portId) || ns === undefined) return;
		this.#tell({ kind: "nft", ns });
	}

	#onNetnsGone(nsid: number): void {
		this.#memory.forget(nsid);
		const ns = this.#watchedRef(nsid);
		if (ns === undefined) return;
		// What was told of the last namespace with this number may be read when the next one has it.
		using socket = NetlinkSocket.open(hostNetns, NETLINK_ROUTE);
		if (this.#nsids.resolve(socket, ns) !== nsid) this.#tell({ kind: "link", ns });
	}

	/** @returns undefined for namespaces that nobody watches: any program may have numbered more of them. */
	#watchedRef(nsid: number | undefined): NetnsRef | undefined {
		const ref = nsid === undefined ? hostNetns : this.#nsids.refOf(nsid);
		return ref !== undefined && this.#watched.has(ref) ? ref : undefined;
	}

	#tell(event: KernelEvent): void {
		if (this.#pending.size === 0) setImmediate(() => this.#flush());
		this.#pending.set(event.kind === "overrun" ? event.kind : `${event.kind} ${event.ns}`, event);
	}

	#flush(): void {
		const events = [...this.#pending.values()];
		this.#pending.clear();
		for (const event of events) for (const listener of this.#listeners) listener(event);
	}
}

function isPair(resource: KernelOp["resource"]) {
	return resource.kind === "link" && resource.type === "veth";
}

/** Reads all that is there; no more than a full buffer holds, lest a busy neighbour keeps this process from its work. */
function drainSocket(socket: EventSocket, onEvent: (event: NetlinkEvent) => void, onOverrun: () => void): void {
	for (let datagrams = 0; datagrams < maxDatagrams; datagrams++) {
		const events = socket.receive();
		if (events === undefined) return;
		if (events === "overrun") onOverrun();
		else for (const event of events) onEvent(event);
	}
}

const maxDatagrams = 50_000;

/** linux/rtnetlink.h: LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, NSID */
const routeGroups = [1, 3, 5, 7, 28];
const NFNLGRP_NFTABLES = 7;
/** NFNL_SUBSYS_NFTABLES and NFT_MSG_NEWGEN (linux/netfilter/nf_tables.h). */
const NFT_NEWGEN = (10 << 8) | 15;
