import { close, closeSync } from "node:fs";
import type { NetnsRef } from "../../model/kernel-state.ts";
import { codeOf, Errno } from "../errno.ts";
import { connect, MSG_TRUNC, recv, send, socket } from "../libc/socket.ts";
import { inNetns } from "../netns.ts";
import { toWeftError } from "../refusal.ts";
import { AF_NETLINK, bindOwnPort, netlinkAddress } from "./port-id.ts";
import { NETLINK_NETFILTER, type NETLINK_ROUTE, SOCK_RAW, setRequestOptions } from "./socket-options.ts";

/** What carries datagrams to the kernel of one namespace and back, in the turn of whoever calls. */
export interface Transport {
	/** What the kernel knows this end by. */
	readonly portId: number;
	send(datagram: Buffer): void;
	/** Waits for one datagram. @throws {Errno} ETIMEDOUT; ENOBUFS when some were lost; EMSGSIZE for one that is too long. */
	receive(): Buffer;
	close(): void;
}

/** A netlink socket. It stays in the namespace that it was made in, and keeps that namespace alive until it is closed. */
export class KernelTransport implements Transport {
	readonly portId: number;
	readonly #fd: number;
	readonly #protocol: number;

	/** @throws {WeftError} NETNS_NOT_FOUND, NOT_PERMITTED */
	constructor(ns: NetnsRef, protocol: typeof NETLINK_ROUTE | typeof NETLINK_NETFILTER) {
		this.#protocol = protocol;
		this.#fd = inNetns(ns, () => socket(AF_NETLINK, SOCK_RAW, protocol));
		try {
			setRequestOptions(this.#fd);
			this.portId = bindOwnPort(this.#fd);
			// Whoever has CAP_NET_ADMIN in a namespace can send to any socket there, but to one that speaks with another.
			connect(this.#fd, netlinkAddress(kernelPort));
		} catch (error) {
			closeSync(this.#fd);
			throw toWeftError(`Cannot open a netlink socket in ${ns}`, error);
		}
	}

	send(datagram: Buffer): void {
		send(this.#fd, datagram);
	}

	receive(): Buffer {
		let length: number;
		try {
			length = recv(this.#fd, scratch, MSG_TRUNC);
		} catch (error) {
			throw codeOf(error) === "EAGAIN" ? new Errno("recv", ETIMEDOUT) : error;
		}
		if (length > scratch.length) throw new Errno("recv", EMSGSIZE);
		return Buffer.from(scratch.subarray(0, length));
	}

	close(): void {
		// nf_tables first waits until what was deleted is freed: 8 ms and more, in which nothing else shall wait.
		if (this.#protocol === NETLINK_NETFILTER) close(this.#fd, () => {});
		else closeSync(this.#fd);
	}
}

/** The largest datagram of a dump is 32 KiB (NLMSG_GOODSIZE and what a socket asked for); links with many parts take more. */
const scratch = Buffer.alloc(256 * 1024);
const kernelPort = 0;
const EMSGSIZE = 90;
const ETIMEDOUT = 110;
