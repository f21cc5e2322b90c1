import { closeSync } from "node:fs";
import { codeOf } from "./errno.ts";
import { pollReadable } from "./libc/poll.ts";
import { connect, MSG_DONTWAIT, recv, sendAside, socket } from "./libc/socket.ts";
import { toWeftError } from "./refusal.ts";

export interface SeqPacketOptions {
	/** A path shorter than 108 bytes (unix(7)). */
	readonly path: string;
	readonly maxBytes: number;
	/** The packet is only valid during the call. @returns false: no more of them until `resume`. */
	readonly onPacket: (packet: Buffer) => boolean;
	/** The other side has gone. */
	readonly onEnd: () => void;
}

/** A connection of SOCK_SEQPACKET over a unix socket, which node:net has not: packets arrive whole, in order. */
export class SeqPacket {
	readonly #fd: number;
	readonly #options: SeqPacketOptions;
	readonly #packet: Buffer;
	#stopPolling: (() => void) | undefined;
	#closed = false;

	/** @throws {WeftError} Nobody listens at the path. */
	constructor(options: SeqPacketOptions) {
		this.#options = options;
		this.#packet = Buffer.alloc(options.maxBytes);
		this.#fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		try {
			connect(this.#fd, sockaddrUn(options.path));
		} catch (cause) {
			closeSync(this.#fd);
			throw toWeftError(`Cannot connect to ${options.path}`, cause);
		}
		this.resume();
	}

	resume(): void {
		if (!this.#closed) this.#stopPolling ??= pollReadable(this.#fd, () => this.#receive());
	}

	/** Waits, and nothing else does, while the other side takes no more. @returns Whether it was taken: false when the other side has gone. */
	async send(packet: Uint8Array): Promise<boolean> {
		return !this.#closed && (await sendAside(this.#fd, packet)) >= 0;
	}

	/** To be called when nothing is being sent. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#pause();
		closeSync(this.#fd);
	}

	#pause(): void {
		this.#stopPolling?.();
		this.#stopPolling = undefined;
	}

	#receive(): void {
		try {
			for (;;) {
				const length = recv(this.#fd, this.#packet, MSG_DONTWAIT);
				if (length === 0) break;
				if (!this.#options.onPacket(this.#packet.subarray(0, length))) return this.#pause();
			}
		} catch (error) {
			if (codeOf(error) === "EAGAIN") return;
			// ECONNRESET: it went without having read all.
		}
		this.#pause();
		this.#options.onEnd();
	}
}

/** struct sockaddr_un */
function sockaddrUn(path: string): Buffer {
	const address = Buffer.alloc(110);
	address.writeUInt16LE(AF_UNIX, 0);
	if (address.write(path, 2) > 107) throw new RangeError(`Cannot connect to ${path}: a socket's path has 107 bytes`);
	return address;
}

const [AF_UNIX, SOCK_SEQPACKET] = [1, 5];
