import { closeSync } from "node:fs";
import type { NetnsRef } from "../../model/kernel-state.ts";
import { codeOf } from "../errno.ts";
import { MSG_DONTWAIT, recv, sendAside, socket } from "../ffi.ts";
import { headerLength, type Request } from "../netlink/message.ts";
import { AF_NETLINK, bindOwnPort } from "../netlink/port-id.ts";
import { NETLINK_ROUTE, SOCK_RAW } from "../netlink/socket-options.ts";
import { inNetns } from "../netns.ts";

/** One end of a link: its index in its namespace. No two that follow each other have the same. */
export interface LinkEnd {
	readonly ns: NetnsRef;
	readonly ifindex: number;
}

/**
 * Links on their way out. The kernel takes a link down at once, and then waits for grace periods of RCU (30 to 60 ms) before
 * it answers: time in which a thread of its own waits, and everything else goes on. Until then what is leaving counts as gone.
 */
export class Departures {
	readonly #going = new Map<NetnsRef, Set<number>>();
	readonly #onEnd: (refused: readonly NetnsRef[]) => void;
	#underWay = 0;

	/** @param onEnd Told when the kernel has done, while the links still count as leaving; with the namespaces whose links stay after all. */
	constructor(onEnd: (refused: readonly NetnsRef[]) => void) {
		this.#onEnd = onEnd;
	}

	/** @returns Whether anything leaves: names and VNIs may be taken that will be free in a moment. */
	get underWay(): boolean {
		return this.#underWay > 0;
	}

	has(ns: NetnsRef, ifindex: number): boolean {
		return this.#going.get(ns)?.has(ifindex) ?? false;
	}

	/**
	 * Begins a deletion in a namespace, which may lose its name meanwhile.
	 * @param ends All ends that go along, in this namespace and in others.
	 * @throws {WeftError} NETNS_NOT_FOUND
	 */
	begin(ns: NetnsRef, request: Request, ends: readonly LinkEnd[]): void {
		const fd = inNetns(ns, () => socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
		bindOwnPort(fd);
		for (const end of ends) {
			const going = this.#going.get(end.ns) ?? new Set();
			this.#going.set(end.ns, going.add(end.ifindex));
		}
		this.#underWay++;
		void this.#wait(fd, request, ends);
	}

	async #wait(fd: number, request: Request, ends: readonly LinkEnd[]): Promise<void> {
		await sendAside(fd, request);
		const refused = wasRefused(fd);
		closeSync(fd);
		this.#underWay--;
		this.#onEnd(refused ? ends.map(({ ns }) => ns) : []);
		this.#forget(ends);
	}

	#forget(ends: readonly LinkEnd[]): void {
		for (const { ns, ifindex } of ends) {
			const going = this.#going.get(ns);
			going?.delete(ifindex);
			if (going?.size === 0) this.#going.delete(ns);
		}
	}
}

/** Only what went wrong is answered: struct nlmsghdr, and the negative errno. ENODEV is no refusal: somebody else was faster. */
function wasRefused(fd: number): boolean {
	try {
		return recv(fd, reply, MSG_DONTWAIT) >= headerLength + 4 && reply.readInt32LE(headerLength) !== -ENODEV;
	} catch (error) {
		if (codeOf(error) === "EAGAIN") return false;
		throw error;
	}
}

const ENODEV = 19;
const reply = Buffer.alloc(1024);
