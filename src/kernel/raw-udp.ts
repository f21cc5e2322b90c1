import { closeSync } from "node:fs";
import { type Ipv4, ipv4FromNumber } from "../model/address.ts";
import { codeOf, Errno } from "./errno.ts";
import { pollReadable } from "./libc/poll.ts";
import { attachFilter, MSG_DONTWAIT, recv, sendto, setsockoptInt, socket } from "./libc/socket.ts";
import { toWeftError } from "./refusal.ts";
import { sockaddrIn } from "./sockets.ts";

export interface RawUdpOptions {
	/** Where to, and the port that is heard. A VXLAN device or another program may have it. */
	readonly port: number;
	/** Not `port`: a firewall would take what comes back for answers. */
	readonly sourcePort: number;
	/** 16 bytes that every datagram begins with; others are not heard. The first 4 (VXLAN's flags) may be 0: then no device takes it. */
	readonly head: Buffer;
	/** @param totalBytes Of the packet, IP header included. */
	readonly onPacket: (from: Ipv4, totalBytes: number) => void;
}

const [ipHeaderBytes, udpHeaderBytes] = [20, 8];

/**
 * Sends and hears UDP beside whoever has the port, in the host's namespace. It hears what the host's firewall lets in, and no
 * more (the kernel gives raw sockets their copy behind netfilter's input hook). Nothing is fragmented.
 */
export class RawUdp {
	readonly #fd: number;
	readonly #options: RawUdpOptions;
	readonly #buffer = Buffer.alloc(65_536);
	readonly #stopPolling: () => void;

	/** @throws {WeftError} NOT_PERMITTED */
	constructor(options: RawUdpOptions) {
		this.#options = options;
		try {
			this.#fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
		} catch (cause) {
			throw toWeftError("Cannot open a raw socket", cause);
		}
		try {
			// All of the host's UDP comes by here: what is not meant stays in the kernel.
			attachFilter(this.#fd, filterOf(options));
			setsockoptInt(this.#fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
			this.#stopPolling = pollReadable(this.#fd, () => this.#receive());
		} catch (cause) {
			closeSync(this.#fd);
			throw toWeftError("Cannot prepare a raw socket", cause);
		}
	}

	/** @param totalBytes Of the packet, IP header included; no less than the head needs. @returns Whether the kernel took it: a firewall or a missing route refuses. */
	send(to: Ipv4, totalBytes: number): boolean {
		const { port, sourcePort, head } = this.#options;
		const datagram = Buffer.alloc(Math.max(totalBytes - ipHeaderBytes, udpHeaderBytes + head.length));
		datagram.writeUInt16BE(sourcePort, 0);
		datagram.writeUInt16BE(port, 2);
		datagram.writeUInt16BE(datagram.length, 4);
		// The checksum stays 0: none, as VXLAN's own frames have it (RFC 7348, section 5).
		head.copy(datagram, udpHeaderBytes);
		try {
			sendto(this.#fd, datagram, sockaddrIn(to, 0));
			return true;
		} catch (error) {
			if (error instanceof Errno) return false;
			throw error;
		}
	}

	close(): void {
		this.#stopPolling();
		closeSync(this.#fd);
	}

	#receive(): void {
		const packet = this.#buffer;
		try {
			const length = recv(this.#fd, packet, MSG_DONTWAIT);
			const payload = ((packet[0] ?? 0) & 0x0f) * 4 + udpHeaderBytes;
			const { head } = this.#options;
			if (!packet.subarray(payload, Math.min(length, payload + head.length)).equals(head)) return;
			this.#options.onPacket(ipv4FromNumber(packet.readUInt32BE(12)), length);
		} catch (error) {
			if (codeOf(error) !== "EAGAIN") throw error;
		}
	}
}

/**
 * Classic BPF (linux/filter.h: code, jump if true, jump if false, operand): to `port`, and the payload's first 12 bytes are
 * those of the head.
 */
function filterOf({ port, head }: RawUdpOptions): Buffer {
	const words = [0, 4, 8].map((at) => ({ at: udpHeaderBytes + at, word: head.readUInt32BE(at) }));
	const checks = [
		[LDX_IP_HEADER_LENGTH, 0, 0, 0],
		[LD_HALF, 0, 0, 2],
		[JEQ, 0, 2 * words.length + 1, port],
		...words.flatMap(({ at, word }, i) => [
			[LD_WORD, 0, 0, at],
			[JEQ, 0, 2 * (words.length - 1 - i) + 1, word],
		]),
		[RET, 0, 0, 0xffff],
		[RET, 0, 0, 0],
	];
	return Buffer.concat(
		checks.map(([code = 0, jt = 0, jf = 0, k = 0]) => {
			const instruction = Buffer.alloc(8);
			instruction.writeUInt16LE(code, 0);
			instruction.writeUInt8(jt, 2);
			instruction.writeUInt8(jf, 3);
			instruction.writeUInt32LE(k, 4);
			return instruction;
		}),
	);
}

const [LDX_IP_HEADER_LENGTH, LD_HALF, LD_WORD, JEQ, RET] = [0xb1, 0x48, 0x40, 0x15, 0x06];
const [AF_INET, SOCK_RAW, IPPROTO_UDP] = [2, 3, 17];
/** linux/in.h: with DF, whatever path MTU was learned before. */
const [SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE] = [0, 10, 3];
