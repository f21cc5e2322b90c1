import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { failure } from "../dns/answer.ts";
import type { Resolvers } from "./resolvers.ts";

const serverTimeoutMs = 2_000;

/** Questions under way at once: each holds a socket. */
const mostOutstanding = 2_048;

const idBytes = 2;

/** Asks the host's resolvers, from this process's own namespace: the host's. The bytes go on as they came, under another id. */
export class Forwarder {
	readonly #resolvers: Resolvers;
	#outstanding = 0;

	constructor(resolvers: Resolvers) {
		this.#resolvers = resolvers;
	}

	/** @returns The answer under the id of the question; SERVFAIL when no resolver answered, or too many questions are under way. */
	async ask(message: Buffer, transport: "udp" | "tcp"): Promise<Buffer> {
		if (this.#outstanding >= mostOutstanding) return failure(message);
		this.#outstanding++;
		try {
			// A fresh id and a fresh port, so that an answer cannot be guessed (RFC 5452).
			const question = Buffer.from(message);
			question.writeUInt16BE(randomInt(0x1_0000), 0);
			for (const server of this.#resolvers.servers()) {
				const reply = await (transport === "udp" ? askUdp(server, question) : askTcp(server, question));
				if (reply === undefined) continue;
				message.copy(reply, 0, 0, idBytes);
				return reply;
			}
			return failure(message);
		} finally {
			this.#outstanding--;
		}
	}
}

/** @returns Whether `reply` is an answer (QR) with the id of `question`. */
function belongsTo(reply: Buffer, question: Buffer): boolean {
	return reply.length >= 12 && reply.readUInt16BE(0) === question.readUInt16BE(0) && (reply.readUInt8(2) & 0x80) !== 0;
}

function askUdp(server: string, question: Buffer): Promise<Buffer | undefined> {
	return new Promise((resolve) => {
		const socket = createSocket(server.includes(":") ? "udp6" : "udp4");
		const done = (reply: Buffer | undefined) => {
			clearTimeout(timer);
			socket.close();
			resolve(reply);
		};
		const timer = setTimeout(() => done(undefined), serverTimeoutMs);
		socket.once("error", () => done(undefined));
		// Connected: the kernel takes answers from that server alone, and tells at once when it refuses.
		socket.connect(53, server, () => socket.send(question));
		socket.on("message", (reply) => {
			if (belongsTo(reply, question)) done(reply);
		});
	});
}

function askTcp(server: string, question: Buffer): Promise<Buffer | undefined> {
	return new Promise((resolve) => {
		const socket = connect({ host: server, port: 53, timeout: serverTimeoutMs });
		const done = (reply: Buffer | undefined) => {
			socket.destroy();
			resolve(reply);
		};
		let received = Buffer.alloc(0);
		socket.once("error", () => done(undefined));
		socket.once("timeout", () => done(undefined));
		socket.once("close", () => done(undefined));
		socket.once("connect", () => socket.write(framed(question)));
		socket.on("data", (chunk) => {
			received = Buffer.concat([received, chunk]);
			const length = received.length < 2 ? Number.POSITIVE_INFINITY : received.readUInt16BE(0);
			if (received.length < length + 2) return;
			const reply = Buffer.from(received.subarray(2, length + 2));
			done(belongsTo(reply, question) ? reply : undefined);
		});
	});
}

/** @returns The message behind its length in two bytes (RFC 1035, section 4.2.2). */
export function framed(message: Buffer): Buffer {
	const length = Buffer.alloc(2);
	length.writeUInt16BE(message.length);
	return Buffer.concat([length, message]);
}
