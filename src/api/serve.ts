import { once } from "node:events";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { Service } from "../model/service.ts";
import { apiOf } from "./app.ts";
import { claimSocket, listen } from "./socket.ts";

/** Requests under way may end by themselves for so long; streams never do. */
const closeGraceMs = 500;

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
	// No hostname: a caller on a socket need not send one.
	const server = createAdaptorServer({ fetch: app.fetch, hostname: "weft" }) as Server;
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
