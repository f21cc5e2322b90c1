import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { answer } from "../dns/answer.ts";
import type { Picture } from "../dns/picture.ts";
import type { SandboxId } from "../model/endpoint.ts";
import type { NetnsRef } from "../model/kernel-state.ts";
import { type Forwarder, framed } from "./forward.ts";

/** How sockets come into a namespace: descriptors, bound, and listening where TCP. */
export interface SocketMaker {
	udp(netns: NetnsRef): number;
	tcp(netns: NetnsRef): number;
	/** What tells a namespace from another one that had its name before. @throws {WeftError} NETNS_NOT_FOUND */
	cookie(netns: NetnsRef): string;
}

const tcpIdleMs = 10_000;
const mostConnections = 64;

/** The name server of one sandbox: UDP and TCP at 127.0.0.11 in its namespace. */
export class SandboxServer {
	readonly cookie: string;
	picture: Picture;
	readonly #sandbox: SandboxId;
	readonly #forwarder: Forwarder;
	readonly #udp: UdpSocket;
	readonly #tcp: Server;
	readonly #connections = new Set<Socket>();
	#rotation = 0;

	/** @throws {WeftError} The namespace is gone, or somebody else has the address there. */
	constructor(netns: NetnsRef, sandbox: SandboxId, picture: Picture, forwarder: Forwarder, sockets: SocketMaker) {
		this.cookie = sockets.cookie(netns);
		this.#sandbox = sandbox;
		this.picture = picture;
		this.#forwarder = forwarder;
		this.#udp = createSocket("udp4");
		this.#udp.on("message", (message, from) => {
			void this.#reply(message, "udp").then((reply) => {
				if (reply !== undefined && !this.#closed) this.#udp.send(reply, from.port, from.address);
			});
		});
		// Of a sandbox that is going: its sockets are closed with it.
		this.#udp.on("error", () => {});
		this.#udp.bind({ fd: sockets.udp(netns) });
		this.#tcp = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
		this.#tcp.maxConnections = mostConnections;
		this.#tcp.on("error", () => {});
		try {
			this.#tcp.listen({ fd: sockets.tcp(netns) });
		} catch (error) {
			// Half a server would hold the address against the next try.
			this.#udp.close();
			throw error;
		}
	}

	#closed = false;

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#udp.close();
		this.#tcp.close();
		for (const socket of this.#connections) socket.destroy();
	}

	async #reply(message: Buffer, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
		this.#rotation = (this.#rotation + 1) >>> 0;
		const outcome = answer(message, {
			picture: this.picture,
			sandbox: this.#sandbox,
			transport,
			rotation: this.#rotation,
		});
		if ("reply" in outcome) return outcome.reply;
		return "forward" in outcome ? this.#forwarder.ask(message, transport) : undefined;
	}

	#serve(socket: Socket): void {
		this.#connections.add(socket);
		socket.setTimeout(tcpIdleMs, () => socket.destroy());
		socket.on("error", () => socket.destroy());
		socket.on("close", () => this.#connections.delete(socket));
		let received = Buffer.alloc(0);
		let last: Promise<unknown> = Promise.resolve();
		socket.on("data", (chunk) => {
			received = Buffer.concat([received, chunk]);
			while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
				const end = received.readUInt16BE(0) + 2;
				const message = Buffer.from(received.subarray(2, end));
				received = received.subarray(end);
				last = this.#reply(message, "tcp").then((reply) => {
					if (reply === undefined) socket.destroy();
					else if (!socket.destroyed) socket.write(framed(reply));
				});
			}
		});
		socket.on("end", () => void last.then(() => socket.end()));
	}
}
