import { close, closeSync } from "node:fs";
import type { NetnsRef } from "../../model/kernel-state.ts";
import { codeOf, Errno, toWeftError } from "../errno.ts";
import { MSG_TRUNC, recv, send, socket } from "../ffi.ts";
import { inNetns } from "../netns.ts";
import { endOfSend, join } from "./batch.ts";
import {
	type Message,
	NLM_F_ACK,
	NLM_F_DUMP,
	NLM_F_DUMP_INTR,
	NLMSG_DONE,
	NLMSG_ERROR,
	type Request,
	readMessages,
} from "./message.ts";
import { AF_NETLINK, bindOwnPort } from "./port-id.ts";
import { errorOf, requestName } from "./reply.ts";
import { NETLINK_NETFILTER, type NETLINK_ROUTE, SOCK_RAW, setRequestOptions } from "./socket-options.ts";

export { NETLINK_NETFILTER, NETLINK_ROUTE } from "./socket-options.ts";

/** How `request` sends. */
export interface RequestOptions {
	/** All messages in one send: a batch of nfnetlink. Otherwise long lists are split. */
	readonly oneSend?: boolean;
	/** The message that NLM_F_ACK is set on; the last one when omitted. Those behind it give no answer unless they fail. */
	readonly ackAt?: number;
}

/**
 * A netlink socket that asks and gets answers, one after the other, all within the call. It stays in the namespace that
 * it was made in, and keeps that namespace alive until it is closed.
 */
export class NetlinkSocket {
	/** Tells this process's own changes from others' in events: see {@link isOwnPort}. */
	readonly portId: number;
	readonly #fd: number;
	readonly #protocol: number;
	#sequence = 0;

	/** @throws {WeftError} NETNS_NOT_FOUND, NOT_PERMITTED */
	constructor(ns: NetnsRef, protocol: typeof NETLINK_ROUTE | typeof NETLINK_NETFILTER) {
		this.#protocol = protocol;
		this.#fd = inNetns(ns, () => socket(AF_NETLINK, SOCK_RAW, protocol));
		try {
			setRequestOptions(this.#fd);
			this.portId = bindOwnPort(this.#fd);
		} catch (error) {
			closeSync(this.#fd);
			throw toWeftError(`Cannot open a netlink socket in ${ns}`, error);
		}
	}

	/**
	 * Sends changes, many in one send, and waits until the kernel has worked through all of them, in order.
	 * @returns One entry for each message, in their order: undefined where it was done, else what it was refused with
	 * (ETIMEDOUT and ENOBUFS: not known whether it was done).
	 */
	request(messages: readonly Request[], options: RequestOptions = {}): (Errno | undefined)[] {
		const errors: (Errno | undefined)[] = messages.map(() => undefined);
		let first = 0;
		while (first < messages.length) {
			const last = options.oneSend === true ? messages.length : endOfSend(messages, first);
			this.#exchange(messages.slice(first, last), options.ackAt ?? last - first - 1, (index, error) => {
				errors[first + index] = error;
			});
			first = last;
		}
		return errors;
	}

	/** Sends one change. @throws {Errno} The kernel refused it. */
	change(message: Request): void {
		const [error] = this.request([message]);
		if (error !== undefined) throw error;
	}

	/** Asks for one object. @throws {Errno} ENOENT or ENODEV when there is none. */
	get(message: Request): Message {
		const [reply] = this.getMany([message]);
		if (reply === undefined || reply instanceof Errno) throw reply ?? new Errno(requestName(message), ENODATA);
		return reply;
	}

	/** Asks for many objects, many in one send. @returns One entry for each message, in their order. */
	getMany(messages: readonly Request[]): (Message | Errno)[] {
		const replies: (Message | Errno)[] = [];
		while (replies.length < messages.length) {
			const last = endOfSend(messages, replies.length);
			const sent = messages.slice(replies.length, last);
			const first = this.#sequence + 1;
			this.#send(sent);
			for (let answered = 0; answered < sent.length; ) {
				for (const reply of this.#receive()) {
					if (reply.sequence !== first + answered) continue;
					const request = sent[answered++];
					replies.push(reply.type === NLMSG_ERROR ? (errorOf(reply, request) ?? new Errno("netlink", ENODATA)) : reply);
				}
			}
		}
		return replies;
	}

	/** Asks for all objects. A dump that something changed under is asked for again. @throws {Errno} */
	dump(message: Request): Message[] {
		message.writeUInt16LE(message.readUInt16LE(6) | NLM_F_DUMP, 6);
		for (let attempt = 1; ; attempt++) {
			const { messages, interrupted } = this.#dumpOnce(message);
			// After the last attempt what was read is taken: the change that interrupted it makes an event of its own.
			if (!interrupted || attempt === dumpAttempts) return messages;
		}
	}

	close(): void {
		// nf_tables first waits until what was deleted is freed: 8 ms and more, in which nothing else shall wait.
		if (this.#protocol === NETLINK_NETFILTER) close(this.#fd, () => {});
		else closeSync(this.#fd);
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#dumpOnce(message: Request): { messages: Message[]; interrupted: boolean } {
		this.#send([message]);
		const sequence = this.#sequence;
		const messages: Message[] = [];
		let interrupted = false;
		for (;;) {
			for (const reply of this.#receive()) {
				if (reply.sequence !== sequence) continue;
				if ((reply.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
				if (reply.type === NLMSG_DONE || reply.type === NLMSG_ERROR) {
					const error = errorOf(reply);
					if (error !== undefined) throw error;
					return { messages, interrupted };
				}
				messages.push(reply);
			}
		}
	}

	#exchange(messages: Request[], ackAt: number, report: (index: number, error: Errno) => void): void {
		const acked = messages[ackAt];
		if (acked === undefined) throw new RangeError(`Cannot wait for message ${ackAt} of ${messages.length}`);
		acked.writeUInt16LE(acked.readUInt16LE(6) | NLM_F_ACK, 6);
		const first = this.#sequence + 1;
		try {
			this.#send(messages);
			for (let done = false; !done; ) {
				for (const reply of this.#receive()) {
					const index = reply.sequence - first;
					if (reply.type !== NLMSG_ERROR || index < 0 || index >= messages.length) continue;
					const error = errorOf(reply, messages[index]);
					if (error !== undefined) report(index, error);
					if (index >= ackAt) done = true;
				}
			}
		} catch (error) {
			if (!(error instanceof Errno)) throw error;
			for (let index = 0; index < messages.length; index++) report(index, error);
		}
	}

	/** Numbers the messages and sends them as one datagram. */
	#send(messages: Request[]): void {
		for (const message of messages) {
			this.#sequence += 1;
			message.writeUInt32LE(this.#sequence, 8);
			message.writeUInt32LE(this.portId, 12);
		}
		send(this.#fd, messages.length === 1 ? (messages[0] as Request) : join(messages));
	}

	/** @throws {Errno} ETIMEDOUT; ENOBUFS when answers were lost. */
	#receive(): Message[] {
		let length: number;
		try {
			length = recv(this.#fd, scratch, MSG_TRUNC);
		} catch (error) {
			throw codeOf(error) === "EAGAIN" ? new Errno("recv", ETIMEDOUT) : error;
		}
		if (length > scratch.length) throw new Errno("recv", EMSGSIZE);
		return readMessages(Buffer.from(scratch.subarray(0, length)));
	}
}

/** The largest datagram of a dump is 32 KiB (NLMSG_GOODSIZE and what a socket asked for); links with many parts take more. */
const scratch = Buffer.alloc(256 * 1024);
const dumpAttempts = 5;
const ENODATA = 61;
const EMSGSIZE = 90;
const ETIMEDOUT = 110;
