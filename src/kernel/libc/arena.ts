import koffi from "koffi";
import { Errno } from "../errno.ts";
import { libcCall } from "./call.ts";
import { MSG_TRUNC } from "./socket.ts";

const recvmsg = libcCall("ssize_t recvmsg(int fd, void *header, int flags)");

/** A datagram with what came beside it. Both are valid until the next receive from the same arena. */
export interface Received {
	readonly data: Buffer;
	/** The control messages (cmsghdr), as the kernel wrote them. */
	readonly control: Buffer;
	/** Who sent it: a sockaddr, at most 16 bytes of it. */
	readonly sender: Buffer;
}

/**
 * Memory for recvmsg(2) that stays in its place: struct msghdr (56 bytes on LP64), one struct iovec (16), the control
 * messages, the sender's address, then the data.
 */
export class Arena {
	readonly #memory: unknown;
	readonly #bytes: Buffer;

	constructor(dataLength: number) {
		const size = dataOffset + dataLength;
		this.#memory = koffi.alloc("uint8_t", size);
		this.#bytes = Buffer.from(koffi.view(this.#memory, size));
		const address = koffi.address(this.#memory);
		this.#bytes.fill(0, 0, dataOffset);
		this.#bytes.writeBigUInt64LE(address + BigInt(senderOffset), 0);
		this.#bytes.writeBigUInt64LE(address + BigInt(iovOffset), 16);
		this.#bytes.writeBigUInt64LE(1n, 24);
		this.#bytes.writeBigUInt64LE(address + BigInt(controlOffset), 32);
		this.#bytes.writeBigUInt64LE(address + BigInt(dataOffset), iovOffset);
		this.#bytes.writeBigUInt64LE(BigInt(dataLength), iovOffset + 8);
	}

	/** @throws {Errno} EAGAIN with MSG_DONTWAIT and nothing to read; EMSGSIZE when the datagram is longer than the arena. */
	receive(fd: number, flags: number): Received {
		this.#bytes.writeUInt32LE(dataOffset - senderOffset, 8);
		this.#bytes.writeBigUInt64LE(BigInt(senderOffset - controlOffset), 40);
		const length = recvmsg(fd, this.#memory, flags);
		if ((this.#bytes.readUInt32LE(48) & MSG_TRUNC) !== 0) throw new Errno("recvmsg", EMSGSIZE);
		const controlLength = Number(this.#bytes.readBigUInt64LE(40));
		const senderLength = Math.min(this.#bytes.readUInt32LE(8), dataOffset - senderOffset);
		return {
			data: this.#bytes.subarray(dataOffset, dataOffset + length),
			control: this.#bytes.subarray(controlOffset, controlOffset + controlLength),
			sender: this.#bytes.subarray(senderOffset, senderOffset + senderLength),
		};
	}

	/** Nothing read from the arena may be used after it. */
	free(): void {
		koffi.free(this.#memory);
	}
}

const iovOffset = 56;
const controlOffset = 72;
const senderOffset = controlOffset + 256;
const dataOffset = senderOffset + 16;
const EMSGSIZE = 90;
