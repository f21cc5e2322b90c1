import { once } from "node:events";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Service } from "../model/service.ts";
import { apiOf } from "./app.ts";
import { claimSocket, listen } from "./socket.ts";
import { answerUnreadable, unreadable } from "./unreadable.ts";

/** Requests under way may end by themselves for so long; streams never do. */
const closeGraceMs = 500;
/** What one caller may take of the agent, so that there is enough left for the others. */
export interface ApiLimits {
	/** Until the headers of a request are here: also of a connection that says nothing at all. */
	readonly headersTimeoutMs: number;
	/** Until all of it is here: a mebibyte over a socket of this machine. */
	readonly requestTimeoutMs: number;
	/** At the same time; one more is closed at once. Each takes a descriptor, which the agent needs for its kernel and its containers, too. */
	readonly connections: number;
}

const usual: ApiLimits = { headersTimeoutMs: 10_000, requestTimeoutMs: 30_000, connections: 1000 };

export interface ApiServer {
	/** Takes no more calls, ends those that are under way, and removes the socket. */
	close(): Promise<void>;
}

/**
 * Serves the API on a unix socket, for root and the group "weft".
 * @throws {WeftError} AGENT_ALREADY_RUNNING, CONFIG_INVALID
 */
export async function serveApi(
	service: Service,
	{ socketPath, limits = usual }: { readonly socketPath: string; readonly limits?: ApiLimits },
): Promise<ApiServer> {
	await claimSocket(socketPath);
	const app = apiOf(service);
	const listener = getRequestListener(app.fetch, {
		hostname: "weft",
		errorHandler: (error) => {
			const refusal = unreadable(error);
			return Response.json(refusal.toBody(), { status: refusal.status });
		},
	});
	const server = createServer(
		{
			// A caller on a socket need not name a host.
			requireHostHeader: false,
			headersTimeout: limits.headersTimeoutMs,
			requestTimeout: limits.requestTimeoutMs,
			// Node looks every 30 s, so that what is slower than 10 s would be borne for 40.
			connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
		},
		(incoming, outgoing) => {
			void listener(incoming, outgoing);
		},
	);
	server.maxConnections = limits.connections;
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
