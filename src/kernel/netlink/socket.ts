import type { NetnsRef } from "../../model/kernel-state.ts";
import { Errno } from "../errno.ts";
import { endOfSend, join } from "./batch.ts";
import {
	type Message,
	NLM_F_ACK,
	NLM_F_DUMP,
	NLM_F_DUMP_INTR,
	NLMSG_DONE,
	NLMSG_ERROR,
	NLMSG_MIN_TYPE,
	type Request,
	readMessages,
} from "./message.ts";
import { errorOf, requestName } from "./reply.ts";
import type { NETLINK_NETFILTER, NETLINK_ROUTE } from "./socket-options.ts";
import { KernelTransport, type Transport } from "./transport.ts";

export { NETLINK_NETFILTER, NETLINK_ROUTE } from "./socket-options.ts";

/** How `request` sends. */
export interface RequestOptions {
	/** All messages in one send: a batch of nfnetlink. Otherwise long lists are split. */
	readonly oneSend?: boolean;
	/** The message that NLM_F_ACK is set on; the last one when omitted. Those behind it give no answer unless they fail. */
	readonly ackAt?: number;
}

/** Asks the kernel of one namespace and gets answers, one after the other, all within the call. */
export class NetlinkSocket {
	/** Tells this process's own changes from others' in events: see {@link isOwnPort}. */
	readonly portId: number;
	readonly #transport: Transport;
	#sequence = 0;

	constructor(transport: Transport) {
		this.#transport = transport;
		this.portId = transport.portId;
	}

	/** @throws {WeftError} NETNS_NOT_FOUND, NOT_PERMITTED */
	static open(ns: NetnsRef, protocol: typeof NETLINK_ROUTE | typeof NETLINK_NETFILTER): NetlinkSocket {
		return new NetlinkSocket(new KernelTransport(ns, protocol));
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
			let answered = 0;
			this.#receiveUntil((reply) => {
				const request = sent[answered];
				if (request === undefined || reply.sequence !== first + answered) return false;
				const isObject = reply.type >= NLMSG_MIN_TYPE;
				replies.push(isObject ? reply : (errorOf(reply, request) ?? new Errno(requestName(request), ENODATA)));
				return ++answered === sent.length;
			});
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
		this.#transport.close();
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#dumpOnce(message: Request): { messages: Message[]; interrupted: boolean } {
		this.#send([message]);
		const sequence = this.#sequence;
		const messages: Message[] = [];
		let interrupted = false;
		this.#receiveUntil((reply) => {
			if (reply.sequence !== sequence) return false;
			if ((reply.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
			if (reply.type >= NLMSG_MIN_TYPE) messages.push(reply);
			if (reply.type !== NLMSG_DONE && reply.type !== NLMSG_ERROR) return false;
			const error = errorOf(reply, message);
			if (error !== undefined) throw error;
			return true;
		});
		return { messages, interrupted };
	}

	#exchange(messages: Request[], ackAt: number, report: (index: number, error: Errno) => void): void {
		const acked = messages[ackAt];
		if (acked === undefined) throw new RangeError(`Cannot wait for message ${ackAt} of ${messages.length}`);
		acked.writeUInt16LE(acked.readUInt16LE(6) | NLM_F_ACK, 6);
		const first = this.#sequence + 1;
		try {
			this.#send(messages);
			this.#receiveUntil((reply) => {
				const index = reply.sequence - first;
				if (reply.type !== NLMSG_ERROR || index < 0 || index >= messages.length) return false;
				const error = errorOf(reply, messages[index]);
				if (error !== undefined) report(index, error);
				return index >= ackAt;
			});
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
		this.#transport.send(messages.length === 1 ? (messages[0] as Request) : join(messages));
	}

	/**
	 * Hands over what comes until `take` says that it has all, and then the rest of that datagram.
	 * @throws {Errno} ETIMEDOUT; ENOBUFS when answers were lost; EBADMSG for one that cannot be read.
	 */
	#receiveUntil(take: (reply: Message) => boolean): void {
		const latest = performance.now() + longestAnswerMs;
		for (let done = false; !done; ) {
			for (const reply of readMessages(this.#transport.receive())) if (take(reply)) done = true;
			// What goes on and on with other things would be waited for without end: each of them begins the wait anew.
			if (!done && performance.now() > latest) throw new Errno("recv", ETIMEDOUT);
		}
	}
}

/** Far beyond any answer: 10,000 entries take 20 ms. */
const longestAnswerMs = 30_000;
const dumpAttempts = 5;
const ENODATA = 61;
const ETIMEDOUT = 110;
