import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { repliesTo } from "../dns/replies-to.ts";
import { Frames, framed } from "./frames.ts";

const idBytes = 2;

/** Answers that say nothing of the name, but of the resolver: another one may know more (RFC 1035, section 4.1.1). */
const refusals: readonly number[] = [2, 4, 5];

export interface Resolver {
	readonly server: string;
	readonly port: number;
	readonly transport: "udp" | "tcp";
}

/** One question to one resolver. It has a socket until it is answered, failed or closed. */
export class Attempt {
	readonly server: string;
	/** Under the id of the question. Rejects when the resolver has none, or cannot be asked. */
	readonly reply: Promise<Buffer>;
	/** undefined while nothing came. */
	said: "answer" | "refusal" | "error" | undefined;
	/** What it said in the place of an answer. */
	refusal: Buffer | undefined;
	readonly #giveBack: () => void;
	#closed = false;

	constructor(resolver: Resolver, message: Buffer) {
		const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
		// Nobody waits for it any more once another resolver has answered.
		promise.catch(() => {});
		this.server = resolver.server;
		this.reply = promise;
		// A fresh id and a fresh port, so that an answer cannot be guessed (RFC 5452).
		const question = Buffer.from(message);
		question.writeUInt16BE(randomInt(0x1_0000), 0);
		const ask = resolver.transport === "udp" ? askUdp : askTcp;
		this.#giveBack = ask(resolver, question, (reply) => {
			if (this.#closed) return;
			this.close();
			if (reply !== undefined) message.copy(reply, 0, 0, idBytes);
			this.said = reply === undefined ? "error" : refusals.includes(reply.readUInt8(3) & 15) ? "refusal" : "answer";
			if (this.said === "refusal") this.refusal = reply;
			if (reply !== undefined && this.said === "answer") resolve(reply);
			else reject(new Error(`no answer from ${resolver.server}`));
		});
	}

	close(): void {
		if (!this.#closed) this.#giveBack();
		this.#closed = true;
	}
}

/** @param heard Never called at once, but maybe more than once: undefined when no answer can come. @returns Gives the socket back. */
type Ask = (resolver: Resolver, question: Buffer, heard: (reply: Buffer | undefined) => void) => () => void;

const askUdp: Ask = ({ server, port }, question, heard) => {
	const socket = createSocket(server.includes(":") ? "udp6" : "udp4");
	socket.on("error", () => heard(undefined));
	socket.on("message", (reply) => {
		if (repliesTo(reply, question)) heard(reply);
	});
	// Connected: the kernel takes answers from that server alone, and tells at once when it refuses. Without a way there, Node calls back
	// with the error, and throws when something is sent all the same.
	socket.connect(port, server, (error?: Error) => {
		if (error === undefined) socket.send(question);
		else heard(undefined);
	});
	return () => socket.close();
};

const askTcp: Ask = ({ server, port }, question, heard) => {
	const socket = connect({ host: server, port });
	const frames = new Frames();
	socket.on("error", () => heard(undefined));
	socket.on("close", () => heard(undefined));
	socket.on("connect", () => socket.write(framed(question)));
	socket.on("data", (chunk) => {
		frames.push(chunk);
		const reply = frames.shift();
		if (reply !== undefined) heard(repliesTo(reply, question) ? reply : undefined);
	});
	return () => socket.destroy();
};
