import { Errno } from "../errno.ts";
import { Attributes } from "./attributes.ts";
import { familyHeaderLength } from "./rtnetlink.ts";

/** A netlink message that was received. */
export interface Message {
	readonly type: number;
	readonly flags: number;
	readonly sequence: number;
	/** The port id of the socket that caused it; 0 when the kernel did by itself. */
	readonly portId: number;
	/** What follows struct nlmsghdr: at least the header of its family. */
	readonly payload: Buffer;
}

/** A finished request: struct nlmsghdr and payload. The socket writes sequence number, port id and NLM_F_ACK into it. */
export type Request = Buffer;

/**
 * Writes one netlink message: header fields first, then attributes.
 *
 * @example
 * new MessageWriter(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE)
 *   .u8(AF_INET).u8(24).u8(0).u8(0).u32(ifindex)
 *   .attribute(IFA_LOCAL, bytes)
 *   .finish();
 */
export class MessageWriter {
	#buffer = Buffer.allocUnsafe(192);
	#length = headerLength;

	/** @param flags NLM_F_REQUEST is added. */
	constructor(type: number, flags = 0) {
		this.#buffer.fill(0, 0, headerLength);
		this.#buffer.writeUInt16LE(type, 4);
		this.#buffer.writeUInt16LE(flags | NLM_F_REQUEST, 6);
	}

	u8(value: number): this {
		const at = this.#grow(1);
		this.#buffer.writeUInt8(value, at);
		return this;
	}

	u16(value: number): this {
		const at = this.#grow(2);
		this.#buffer.writeUInt16LE(value, at);
		return this;
	}

	u16be(value: number): this {
		const at = this.#grow(2);
		this.#buffer.writeUInt16BE(value, at);
		return this;
	}

	/** @param value Negative ones too. */
	u32(value: number): this {
		const at = this.#grow(4);
		this.#buffer.writeUInt32LE(value >>> 0, at);
		return this;
	}

	attribute(type: number, payload: Uint8Array): this {
		const at = this.#attributeHeader(type, payload.byteLength);
		this.#buffer.set(payload, at);
		return this.#pad();
	}

	attributeU8(type: number, value: number): this {
		const at = this.#attributeHeader(type, 1);
		this.#buffer.writeUInt8(value, at);
		return this.#pad();
	}

	attributeU16(type: number, value: number): this {
		const at = this.#attributeHeader(type, 2);
		this.#buffer.writeUInt16LE(value, at);
		return this.#pad();
	}

	attributeU16be(type: number, value: number): this {
		const at = this.#attributeHeader(type, 2);
		this.#buffer.writeUInt16BE(value, at);
		return this.#pad();
	}

	/** @param value Negative ones too. */
	attributeU32(type: number, value: number): this {
		const at = this.#attributeHeader(type, 4);
		this.#buffer.writeUInt32LE(value >>> 0, at);
		return this;
	}

	/** @param value Negative ones too. */
	attributeU32be(type: number, value: number): this {
		const at = this.#attributeHeader(type, 4);
		this.#buffer.writeUInt32BE(value >>> 0, at);
		return this;
	}

	attributeU64be(type: number, value: bigint): this {
		const at = this.#attributeHeader(type, 8);
		this.#buffer.writeBigUInt64BE(value, at);
		return this;
	}

	/** Writes a NUL behind the text. */
	attributeString(type: number, text: string): this {
		return this.attribute(type, Buffer.from(`${text}\0`));
	}

	/** Attributes within an attribute: what `fill` writes. */
	nest(type: number, fill: (writer: this) => void): this {
		const payload = this.#attributeHeader(type | NLA_F_NESTED, 0);
		fill(this);
		const length = this.#length - payload + attributeHeaderLength;
		if (length > 0xffff) throw new RangeError(`Cannot nest ${length} bytes in one attribute: at most 65535`);
		this.#buffer.writeUInt16LE(length, payload - attributeHeaderLength);
		return this;
	}

	/** Nothing may be written after it. */
	finish(): Request {
		this.#buffer.writeUInt32LE(this.#length, 0);
		return this.#buffer.subarray(0, this.#length);
	}

	#attributeHeader(type: number, payloadLength: number): number {
		const length = payloadLength + attributeHeaderLength;
		if (length > 0xffff) throw new RangeError(`Cannot write an attribute of ${length} bytes: at most 65535`);
		const at = this.#grow(length);
		this.#buffer.writeUInt16LE(length, at);
		this.#buffer.writeUInt16LE(type, at + 2);
		return at + attributeHeaderLength;
	}

	#pad(): this {
		const rest = this.#length & 3;
		if (rest === 0) return this;
		const at = this.#grow(4 - rest);
		this.#buffer.fill(0, at, this.#length);
		return this;
	}

	/** @returns Where `bytes` more may be written. */
	#grow(bytes: number): number {
		const at = this.#length;
		this.#length += bytes;
		if (this.#length > this.#buffer.length) {
			const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 4));
			larger.set(this.#buffer.subarray(0, at));
			this.#buffer = larger;
		}
		return at;
	}
}

/**
 * @returns The messages of one datagram; their payloads are views of `datagram`.
 * @throws {Errno} EBADMSG: one has not the length that it says, or not its family's header.
 */
export function readMessages(datagram: Buffer): Message[] {
	const messages: Message[] = [];
	let at = 0;
	while (at < datagram.length) {
		const length = at + headerLength <= datagram.length ? datagram.readUInt32LE(at) : 0;
		if (length < headerLength || at + length > datagram.length) throw new Errno("netlink", EBADMSG);
		const type = datagram.readUInt16LE(at + 4);
		if (length < headerLength + familyHeaderLength(type)) throw new Errno("netlink", EBADMSG);
		messages.push({
			type,
			flags: datagram.readUInt16LE(at + 6),
			sequence: datagram.readUInt32LE(at + 8),
			portId: datagram.readUInt32LE(at + 12),
			payload: datagram.subarray(at + headerLength, at + length),
		});
		at += (length + 3) & ~3;
	}
	return messages;
}

/** @param familyHeader Length of what stands before the attributes: 4 for nfnetlink, 16 for links, 8 for addresses, 12 for routes and neighbours. */
export function attributesOf(message: Message, familyHeader: number): Attributes {
	return new Attributes(message.payload, familyHeader);
}

/** struct nlmsghdr. */
export const headerLength = 16;
const attributeHeaderLength = 4;
const NLA_F_NESTED = 0x8000;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
/** Below it are netlink's own messages (NLMSG_NOOP, NLMSG_OVERRUN …). */
export const NLMSG_MIN_TYPE = 16;

const EBADMSG = 74;
