import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WeftError } from "../model/error.ts";

/** What Node's parser calls a header that is longer than it takes. */
const headerTooLong = "HPE_HEADER_OVERFLOW";
const tooSlow = "ERR_HTTP_REQUEST_TIMEOUT";

/** The same for all that is no request: what never comes as far as the API is answered as the API answers. */
export function unreadable(cause: unknown): WeftError {
	const { code } = cause as { code?: string };
	const reason =
		code === headerTooLong
			? "its first line and its headers are too long"
			: code === tooSlow
				? "it did not come to its end in time"
				: "it is not well-formed HTTP";
	return new WeftError("ARGUMENT_INVALID", `Cannot read the request: ${reason}`, {
		fix: `curl --unix-socket /run/weft/weft.sock http://weft/v1/openapi.json shows how`,
		...(cause instanceof Error ? { cause: cause.message } : {}),
	});
}

/** Answers on the bare socket what Node's server would answer with a status alone, or not at all. */
export function answerUnreadable(server: Server): void {
	server.on("clientError", (error, socket) => refuse(socket, error));
	server.on("connect", (_, socket: Duplex) => refuse(socket, new Error("CONNECT is for proxies")));
	server.on("checkExpectation", (_, response) => {
		const error = unreadable(new Error("it expects what weft does not know"));
		response.writeHead(error.status, { "content-type": "application/json" }).end(JSON.stringify(error.toBody()));
	});
}

function refuse(socket: Duplex, cause: unknown): void {
	// The caller has gone; or there may be another answer on its way, which this one must not get into.
	if (!socket.writable || (socket as Socket).bytesWritten > 0) return void socket.destroy();
	const error = unreadable(cause);
	const body = JSON.stringify(error.toBody());
	socket.end(
		`HTTP/1.1 ${error.status} Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
	);
}
