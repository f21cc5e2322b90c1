import { createSocket, type RemoteInfo, type SocketOptions, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { answer, failure } from "../dns/answer.ts";
import type { Picture } from "../dns/picture.ts";
import type { SandboxId } from "../model/endpoint.ts";
import type { NetnsRef } from "../model/kernel-state.ts";
import type { Forwarder } from "./forward.ts";
import { serveStream } from "./stream.ts";

/** How sockets come into a namespace: descriptors, bound, and listening where TCP. */
export interface SocketMaker {
	udp(netns: NetnsRef): number;
	tcp(netns: NetnsRef): number;
	/** What tells a namespace from another one that had its name before. @throws {WeftError} NETNS_NOT_FOUND */
	cookie(netns: NetnsRef): string;
}

const mostConnections = 64;

/** Questions to the host's resolvers at once: one sandbox's flood leaves room for the others'. */
const mostForwarded = 256;

type Transport = "udp" | "tcp";

/** Addresses only, so there is nothing to look up: Node's own way costs a turn of its event loop for each answer. */
const takeAsItIs: SocketOptions["lookup"] = (address, _options, callback) => callback(null, address, 4);

/** The name server of one sandbox: UDP and TCP at 127.0.0.11 in its namespace. */
export class SandboxServer {
	readonly cookie: string;
	picture: Picture;
	readonly #sandbox: SandboxId;
	readonly #forwarder: Pick<Forwarder, "ask">;
	readonly #udp: UdpSocket;
	readonly #tcp: Server;
	readonly #connections = new Set<Socket>();
	#rotation = 0;
	#forwarded = 0;
	#closed = false;

	/** @throws {WeftError} The namespace is gone, or somebody else has the address there. */
	constructor(
		netns: NetnsRef,
		sandbox: SandboxId,
		picture: Picture,
		forwarder: Pick<Forwarder, "ask">,
		sockets: SocketMaker,
	) {
		this.cookie = sockets.cookie(netns);
		this.#sandbox = sandbox;
		this.picture = picture;
		this.#forwarder = forwarder;
		this.#udp = createSocket({ type: "udp4", lookup: takeAsItIs });
		this.#udp.on("message", (message, from) => this.#serveDatagram(message, from));
		// Of a sandbox that is going: its sockets are closed with it.
		this.#udp.on("error", () => {});
		this.#udp.bind({ fd: sockets.udp(netns) });
		this.#tcp = createServer({ allowHalfOpen: true }, (socket) => this.#serveConnection(socket));
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

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#udp.close();
		this.#tcp.close();
		for (const socket of this.#connections) socket.destroy();
	}

	/** @returns At once for the cluster's own names: most questions are for them. Undefined when there is nothing to say. */
	#reply(message: Buffer, transport: Transport): Buffer | undefined | Promise<Buffer> {
		this.#rotation = (this.#rotation + 1) >>> 0;
		const asker = { picture: this.picture, sandbox: this.#sandbox, transport, rotation: this.#rotation };
		const outcome = answer(message, asker);
		if ("reply" in outcome) return outcome.reply;
		return "forward" in outcome ? this.#forward(message, transport) : undefined;
	}

	async #forward(message: Buffer, transport: Transport): Promise<Buffer> {
		if (this.#forwarded >= mostForwarded) return failure(message);
		this.#forwarded++;
		try {
			return await this.#forwarder.ask(message, transport);
		} finally {
			this.#forwarded--;
		}
	}

	#serveDatagram(message: Buffer, from: RemoteInfo): void {
		// From a raw socket: there is nobody to answer, and Node throws at such a port.
		if (from.port === 0) return;
		const reply = this.#reply(message, "udp");
		if (reply instanceof Promise) void reply.then((late) => this.#send(late, from));
		else if (reply !== undefined) this.#send(reply, from);
	}

	#send(reply: Buffer, { port, address }: RemoteInfo): void {
		if (!this.#closed) this.#udp.send(reply, port, address);
	}

	#serveConnection(socket: Socket): void {
		this.#connections.add(socket);
		socket.on("close", () => this.#connections.delete(socket));
		serveStream(socket, (message) => this.#reply(message, "tcp"));
	}
}
