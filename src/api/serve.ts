import { once } from "node:events";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Service } from "../model/service.ts";
import { apiOf } from "./app.ts";
import { claimSocket, listen } from "./socket.ts";
import { answerUnreadable, unreadable } from "./unreadable.ts";

/** Requests under way may end by themselves for so long; streams never do. */
const closeGraceMs = 500;
/** Ms until the headers of a request, and until all of it, are here: a mebibyte over a socket of this machine. */
const [headersTimeout, requestTimeout] = [10_000, 30_000];

export interface ApiServer {
	/** Takes no more calls, ends those that are under way, and removes the socket. */
	close(): Promise<void>;
}

/**
 * Serves the API on a unix socket, for root and the group "weft".
 * @throws {WeftError} AGENT_ALREADY_RUNNING, CONFIG_INVALID
 */
export async function serveApi(service: Service, { socketPath }: { readonly socketPath: string }): Promise<ApiServer> {
	await claimSocket(socketPath);
	const app = apiOf(service);
	const listener = getRequestListener(app.fetch, {
		hostname: "weft",
		errorHandler: (error) => {
			const refusal = unreadable(error);
			return Response.json(refusal.toBody(), { status: refusal.status });
		},
	});
	// A caller on a socket need not name a host.
	const server = createServer({ requireHostHeader: false, headersTimeout, requestTimeout }, (incoming, outgoing) => {
		void listener(incoming, outgoing);
	});
	answerUnreadable(server);
	await listen(server, socketPath);
	return {
		async close() {
			const closed = once(server, "close");
			server.close();
			server.closeIdleConnections();
			const timer = setTimeout(() => server.closeAllConnections(), closeGraceMs);
			await closed;
			clearTimeout(timer);
		},
	};
}
