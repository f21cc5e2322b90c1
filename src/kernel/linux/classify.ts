import type { KernelEvent } from "../kernel.ts";
import { IFLA_MASTER, IFLA_PROTINFO } from "../netlink/link-attributes.ts";
import { readLink, readPort } from "../netlink/link-read.ts";
import { attributesOf, type Message } from "../netlink/message.ts";
import { isLearnt } from "../netlink/neigh.ts";
import { isKernelRoute, readRoute } from "../netlink/route.ts";
import * as R from "../netlink/rtnetlink.ts";

type EventKind = Exclude<KernelEvent["kind"], "overrun">;

/** @returns What an rtnetlink event is about; undefined when weft reads none of it back. */
export function kindOf(message: Message): EventKind | undefined {
	switch (message.type) {
		case R.RTM_NEWLINK:
		case R.RTM_DELLINK:
			return "link";
		case R.RTM_NEWADDR:
		case R.RTM_DELADDR:
			return "addr";
		case R.RTM_NEWROUTE:
		case R.RTM_DELROUTE:
			return isKernelRoute(message) || readRoute(message) === undefined ? undefined : "route";
		case R.RTM_NEWNEIGH:
		case R.RTM_DELNEIGH:
			// What comes and goes with the traffic; a program's change of an entry has its port id, or another state.
			return message.portId === 0 && isLearnt(message) ? undefined : "neigh";
		default:
			return undefined;
	}
}

/** @returns The index of the device that an rtnetlink event is about; 0 for a route without one. */
export function ifindexOf(message: Message): number {
	switch (message.type) {
		case R.RTM_NEWROUTE:
		case R.RTM_DELROUTE:
			return readRoute(message)?.ifindex ?? 0;
		default:
			// ifinfomsg, ifaddrmsg and ndmsg have it in the same place.
			return message.payload.readInt32LE(4);
	}
}

/**
 * What was last told of each link, as far as weft reads it back. The kernel tells of a link again and again (carrier,
 * counters of a bridge's timers, queues): most of it is no change.
 */
export class LinkMemory {
	/** By namespace number, then by family and index. */
	readonly #told = new Map<number | undefined, Map<string, string>>();

	/** Notes an RTM_NEWLINK or RTM_DELLINK. @returns Whether it tells of a change. */
	note(nsid: number | undefined, message: Message): boolean {
		let told = this.#told.get(nsid);
		if (told === undefined) this.#told.set(nsid, (told = new Map<string, string>()));
		const key = `${message.payload.readUInt8(0)} ${message.payload.readInt32LE(4)}`;
		if (message.type === R.RTM_DELLINK) {
			told.delete(key);
			return true;
		}
		const text = JSON.stringify(pictureOf(message));
		if (told.get(key) === text) return false;
		told.set(key, text);
		return true;
	}

	/** The namespace is gone, and its number will be another's. */
	forget(nsid: number): void {
		this.#told.delete(nsid);
	}
}

function pictureOf(message: Message): unknown {
	if (message.payload.readUInt8(0) !== R.AF_BRIDGE) {
		// Where the other end stands is not known in the first events of a pair; it never changes.
		const { link: _, linkNetnsid: __, ...picture } = readLink(message);
		return picture;
	}
	const attributes = attributesOf(message, R.ifinfomsgLength);
	const port = attributes.nested(IFLA_PROTINFO);
	return [attributes.u32(IFLA_MASTER), port === undefined ? undefined : readPort(port)];
}
