import { closeSync } from "node:fs";
import type { NetnsRef } from "../../model/kernel-state.ts";
import { send, sendAside, socket } from "../libc/socket.ts";
import { delLinkGroupRequest } from "../netlink/link.ts";
import type { Request } from "../netlink/message.ts";
import { AF_NETLINK, bindOwnPort } from "../netlink/port-id.ts";
import { NETLINK_ROUTE, SOCK_RAW } from "../netlink/socket-options.ts";
import { inNetns } from "../netns.ts";

/** The group of links that are leaving. It outlives this process: what one that was killed leaves in it is still to go. */
export const leavingGroup = 8787;

/** One end of a link: its index in its namespace. No two that follow each other have the same. */
export interface LinkEnd {
	readonly ns: NetnsRef;
	readonly ifindex: number;
}

/** All that leaves one namespace in one request. */
interface Departure {
	/** A socket in the namespace, which it keeps alive. */
	readonly fd: number;
	readonly request: Request;
	readonly ends: LinkEnd[];
	/** The request was made on the main thread, too. */
	hastened: boolean;
}

/**
 * Links on their way out. The kernel takes a link down at once, and then waits for grace periods of RCU (15 to 60 ms) before
 * it answers: time in which a thread of its own waits, and everything else goes on. Until then what is leaving counts as gone.
 * What the kernel refuses stays in the group, and leaves again when it is next seen there.
 *
 * They go on by themselves when the kernel is closed; a process that ends meanwhile leaves them to the next one.
 */
export class Departures {
	/** What is leaving, by namespace and index, and with what. */
	readonly #leaving = new Map<NetnsRef, Map<number, Departure>>();
	/** Those that wait for a thread, by the names of their namespaces, as long as these have them. */
	readonly #joinable = new Map<NetnsRef, Departure>();
	readonly #waiting: Departure[] = [];
	readonly #underWay = new Set<Departure>();
	readonly #onEnd: () => void;

	/** @param onEnd Told when the kernel has done, while the links still count as leaving. */
	constructor(onEnd: () => void) {
		this.#onEnd = onEnd;
	}

	has(ns: NetnsRef, ifindex: number): boolean {
		return this.#leaving.get(ns)?.has(ifindex) ?? false;
	}

	/**
	 * Lets all links of a namespace go that are in the leaving group.
	 * @param ends All ends that go along, in this namespace and in others.
	 * @throws {WeftError} NETNS_NOT_FOUND
	 */
	begin(ns: NetnsRef, ends: readonly LinkEnd[]): void {
		const departure = this.#joinable.get(ns) ?? this.#open(ns);
		departure.ends.push(...ends);
		departure.hastened = false;
		for (const end of ends) {
			const leaving = this.#leaving.get(end.ns) ?? new Map<number, Departure>();
			this.#leaving.set(end.ns, leaving.set(end.ifindex, departure));
		}
		// When all that is to be done at once is done: who leaves keeps the kernel's lock for links from whoever comes after.
		setImmediate(() => this.#pump());
	}

	/** The namespace has lost its name, and another one may get it. */
	forget(ns: NetnsRef): void {
		this.#leaving.delete(ns);
		this.#joinable.delete(ns);
	}

	/**
	 * Waits for the next departure that holds up others: names, VNIs and places on a bridge are free when it is done.
	 * @param namespaces Those that must be free; any when omitted.
	 * @returns false when there is none.
	 */
	hasten(namespaces?: readonly NetnsRef[]): boolean {
		const concerns = ({ ends }: Departure) => ends.some(({ ns }) => namespaces?.includes(ns) ?? true);
		const next = [...this.#underWay, ...this.#waiting].find((one) => !one.hastened && concerns(one));
		if (next === undefined) return false;
		// The kernel changes links for one at a time: whoever comes second finds that the first has done it all.
		send(next.fd, next.request);
		next.hastened = true;
		return true;
	}

	#open(ns: NetnsRef): Departure {
		const fd = inNetns(ns, () => socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
		try {
			bindOwnPort(fd);
		} catch (error) {
			closeSync(fd);
			throw error;
		}
		const departure = { fd, request: delLinkGroupRequest(leavingGroup), ends: [], hastened: false };
		this.#joinable.set(ns, departure);
		this.#waiting.push(departure);
		return departure;
	}

	#pump(): void {
		while (this.#underWay.size < maxUnderWay) {
			const next = this.#waiting.shift();
			if (next === undefined) return;
			for (const [ns, joinable] of this.#joinable) if (joinable === next) this.#joinable.delete(ns);
			this.#underWay.add(next);
			void this.#wait(next);
		}
	}

	async #wait(departure: Departure): Promise<void> {
		await sendAside(departure.fd, departure.request);
		closeSync(departure.fd);
		this.#underWay.delete(departure);
		this.#pump();
		this.#onEnd();
		for (const { ns, ifindex } of departure.ends) {
			const leaving = this.#leaving.get(ns);
			if (leaving?.get(ifindex) === departure) leaving.delete(ifindex);
			if (leaving?.size === 0) this.#leaving.delete(ns);
		}
	}
}

/** Of the four threads that files, names and keys need as well. Two take half the time of one. */
const maxUnderWay = 2;
