import { connect, type Socket } from "node:net";
import { Incoming } from "./incoming.ts";

/**
 * One request of HTTP/1.1 over a unix socket, without node:http: loading that, and making its first request, takes a third of the time
 * in which Node itself starts, and every verb would pay for it.
 */
export interface Outgoing {
	readonly socketPath: string;
	readonly method: string;
	/** With its query, encoded. */
	readonly path: string;
	/** JSON. */
	readonly body?: string;
	/** Until the answer begins. */
	readonly timeoutMs: number;
	/** What the request fails with then. */
	readonly onTimeout: () => Error;
	readonly signal?: AbortSignal;
}

export interface Answer {
	readonly status: number;
	/** As it comes. Ending it before its end ends the connection. */
	readonly body: AsyncIterable<Buffer>;
	destroy(): void;
}

/** @throws {NodeJS.ErrnoException} There is no way to the socket. {SyntaxError} What answers does not speak HTTP. */
export async function send(outgoing: Outgoing): Promise<Answer> {
	const { signal, timeoutMs, onTimeout } = outgoing;
	const socket = connect(outgoing.socketPath);
	const abort = () => socket.destroy(new Error("aborted"));
	if (signal?.aborted === true) abort();
	signal?.addEventListener("abort", abort, { once: true });
	socket.once("close", () => signal?.removeEventListener("abort", abort));
	const timer = Number.isFinite(timeoutMs) ? setTimeout(() => socket.destroy(onTimeout()), timeoutMs) : undefined;
	try {
		socket.write(requestText(outgoing));
		return await read(socket);
	} catch (error) {
		socket.destroy();
		throw error;
	} finally {
		clearTimeout(timer);
	}
}

function requestText({ method, path, body }: Outgoing): string {
	const head = `${method} ${path} HTTP/1.1\r\nhost: weft\r\nconnection: close\r\n`;
	if (body === undefined) return `${head}\r\n`;
	return `${head}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

async function read(socket: Socket): Promise<Answer> {
	const incoming = new Incoming(socket);
	for (;;) {
		const { status, headers } = await incoming.head();
		// "100 Continue" and the like come before the answer itself.
		if (status < 200) continue;
		return { status, body: bodyOf(incoming, status, headers), destroy: () => socket.destroy() };
	}
}

function bodyOf(incoming: Incoming, status: number, headers: ReadonlyMap<string, string>): AsyncIterable<Buffer> {
	if (/\bchunked$/i.test(headers.get("transfer-encoding") ?? "")) return incoming.chunks();
	const length = status === 204 ? "0" : headers.get("content-length");
	return length === undefined ? incoming.rest() : incoming.exactly(Number(length));
}
