import { closeSync } from "node:fs";
import { isWeftError } from "../../model/error.ts";
import type { NetnsRef } from "../../model/kernel-state.ts";
import { codeOf } from "../errno.ts";
import { getNsidRequest, newNsidRequest, readNsid } from "../netlink/nsid.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { openNetns } from "../netns.ts";

/**
 * The numbers that the host's namespace has for others (`ip netns list-id`): the kernel names a namespace by its number
 * in events, and as the place of a veth's other end. A number lasts as long as its namespace; then it is used again.
 */
export class Nsids {
	readonly #refs = new Map<number, NetnsRef>();
	readonly #nsids = new Map<NetnsRef, number>();

	/**
	 * Looks up the number of the namespace that `ref` names now, and gives it one when it has none.
	 * @param host A socket in the host's namespace.
	 * @returns undefined when there is no such namespace.
	 */
	resolve(host: NetlinkSocket, ref: NetnsRef): number | undefined {
		let fd: number;
		try {
			fd = openNetns(ref);
		} catch (error) {
			if (!isWeftError(error, "NETNS_NOT_FOUND")) throw error;
			this.forget(ref);
			return undefined;
		}
		try {
			const nsid = numberOf(host, fd);
			this.#note(ref, nsid);
			return nsid;
		} finally {
			closeSync(fd);
		}
	}

	/** @returns The number of a namespace, -1 when it has none. It gets none, and is not known by this name. @throws {WeftError} NETNS_NOT_FOUND */
	lookUp(host: NetlinkSocket, ref: NetnsRef): number {
		const fd = openNetns(ref);
		try {
			return readNsid(host.get(getNsidRequest(fd))).nsid;
		} finally {
			closeSync(fd);
		}
	}

	/** @returns The name that a number was last resolved from. */
	refOf(nsid: number): NetnsRef | undefined {
		return this.#refs.get(nsid);
	}

	forget(ref: NetnsRef): void {
		const nsid = this.#nsids.get(ref);
		this.#nsids.delete(ref);
		if (nsid !== undefined && this.#refs.get(nsid) === ref) this.#refs.delete(nsid);
	}

	#note(ref: NetnsRef, nsid: number): void {
		if (this.#nsids.get(ref) === nsid && this.#refs.get(nsid) === ref) return;
		this.forget(ref);
		this.#nsids.set(ref, nsid);
		this.#refs.set(nsid, ref);
	}
}

/** @returns The number of the namespace of `fd` in that of the socket, which gives it one when it has none. @throws {Errno} */
export function numberOf(socket: NetlinkSocket, fd: number): number {
	const { nsid } = readNsid(socket.get(getNsidRequest(fd)));
	if (nsid >= 0) return nsid;
	const [error] = socket.request([newNsidRequest(fd)]);
	// Somebody else gave it one meanwhile.
	if (error !== undefined && codeOf(error) !== "EEXIST") throw error;
	return readNsid(socket.get(getNsidRequest(fd))).nsid;
}
