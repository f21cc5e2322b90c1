import type { IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { holderText, portHolder } from "../kernel/port-holder.ts";
import { causeText, isWeftError, WeftError } from "../model/error.ts";
import { storeHandler } from "../store/serve.ts";
import type { EmbeddedStore } from "../store/sqlite.ts";
import type { Admit, JoinRequest } from "./admission.ts";
import { type Credentials, storeName } from "./credentials.ts";
import { boundMembers } from "./member-connections.ts";
import type { StoreMove } from "./store-move.ts";
import { boundStrangers, type TellClosed } from "./strangers.ts";

export interface ListenerOptions {
	readonly credentials: Credentials;
	readonly address: string;
	readonly port: number;
	readonly admit: Admit;
	/** The embedded store, on its own host. */
	readonly store?: EmbeddedStore;
	/** Told where the store is now, by its own host, on the others. */
	readonly onStoreMove?: (move: StoreMove) => Promise<void>;
	/** Told of connections that were closed because they took too long, or were too many. */
	readonly onStrangersClosed: TellClosed;
	/** @default 10_000 */
	readonly longestStrangerMs?: number;
}

/** A certificate request is far smaller; nobody is known yet, so nobody may send more. */
const longestBodyBytes = 16 * 1024;
const bodyTimeoutMs = 5_000;

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/**
 * Listens for other hosts, over TLS: `POST /join` for those with a token; on its host, the embedded store for those with
 * a certificate of the cluster's authority.
 * @throws {WeftError} PORT_IN_USE, ADDRESS_INVALID
 */
export async function listenForHosts(options: ListenerOptions): Promise<{ close(): Promise<void> }> {
	const { credentials } = options;
	const ended = new AbortController();
	const store = options.store === undefined ? notHere : storeHandler(options.store, ended.signal);
	const server = createSecureServer(
		{
			allowHTTP1: true,
			// With the authority's own certificate behind: a joiner knows its fingerprint.
			cert: `${credentials.certificate}\n${credentials.ca}`,
			key: credentials.key,
			ca: credentials.ca,
			requestCert: true,
			rejectUnauthorized: false,
			minVersion: "TLSv1.3",
		},
		(request, response) => {
			const post = request.method === "POST" ? request.url : undefined;
			if (post === "/join") void answerPost(request, response, (body) => options.admit(joinRequest(body)));
			else if (post === "/store" && isStoreHost(request))
				void answerPost(request, response, async (body) => {
					await options.onStoreMove?.(storeMove(body));
					return {};
				});
			else if (isMember(request)) store(request, response);
			else refuseStranger(response);
		},
	);
	boundMembers(server);
	boundStrangers(server, options.onStrangersClosed, options.longestStrangerMs);
	// Also those in the middle of a handshake: the server waits for them all when it closes.
	const sockets = new Set<Socket>();
	server.on("connection", (socket: Socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", (cause: Error) => reject(cannotListen(cause, options)));
		server.listen(options.port, options.address, resolve);
	});
	return {
		close: async () => {
			ended.abort();
			const closed = new Promise((resolve) => server.close(resolve));
			for (const socket of sockets) socket.destroy();
			await closed;
		},
	};
}

function refuseStranger(response: Response): void {
	const refusal = new WeftError("STORE_REFUSED", "Cannot use the store: no certificate of this cluster was shown", {
		fix: "weft launch --join TOKEN",
	});
	answer(response, 403, refusal);
}

function notHere(_request: Request, response: Response): void {
	answer(
		response,
		404,
		new WeftError("ROUTE_NOT_FOUND", "Cannot use the store by this host: it is on another", {
			fix: "weft status tells where the store is",
		}),
	);
}

function tlsOf(request: Request): TLSSocket | undefined {
	return ("stream" in request ? request.stream.session?.socket : request.socket) as TLSSocket | undefined;
}

function isMember(request: Request): boolean {
	return tlsOf(request)?.authorized === true;
}

/** Only the authority's own host has a certificate of that name. */
function isStoreHost(request: Request): boolean {
	const names = tlsOf(request)?.getPeerCertificate().subjectaltname ?? "";
	return isMember(request) && names.split(", ").includes(`DNS:${storeName}`);
}

function joinRequest({ secret, csr }: Record<string, unknown>): JoinRequest {
	if (typeof secret !== "string" || typeof csr !== "string") throw new TypeError("secret and csr are wanted");
	return { secret, csr };
}

function storeMove({ storeUrl }: Record<string, unknown>): StoreMove {
	if (typeof storeUrl !== "string" || !/^weft:\/\/[0-9.]+:\d+$/.test(storeUrl))
		throw new TypeError("storeUrl is wanted");
	return { storeUrl };
}

async function answerPost(
	request: Request,
	response: Response,
	work: (body: Record<string, unknown>) => Promise<object>,
): Promise<void> {
	try {
		answer(response, 200, await work(JSON.parse(await bodyOf(request)) as Record<string, unknown>));
	} catch (error) {
		if (isWeftError(error)) answer(response, error.status, error);
		else
			answer(
				response,
				400,
				new WeftError("ARGUMENT_INVALID", "Cannot do what the host asks: its request is not well formed", {
					cause: causeText(error),
				}),
			);
	}
}

function answer(response: Response, status: number, body: WeftError | object): void {
	(response as ServerResponse).writeHead(status, { "content-type": "application/json" });
	response.end(JSON.stringify(body instanceof WeftError ? body.toBody() : body));
}

async function bodyOf(request: Request): Promise<string> {
	const timer = setTimeout(() => request.destroy(new Error("the request took too long")), bodyTimeoutMs);
	try {
		let text = "";
		for await (const chunk of request) {
			text += String(chunk);
			if (text.length > longestBodyBytes) throw new RangeError("the request is too long");
		}
		return text;
	} finally {
		clearTimeout(timer);
	}
}

/** Tries whether {@link listenForHosts} could. @throws {WeftError} PORT_IN_USE, ADDRESS_INVALID */
export async function checkListen(options: Pick<ListenerOptions, "address" | "port">): Promise<void> {
	const server = createServer();
	await new Promise<void>((resolve, reject) => {
		server.once("error", (cause) => reject(cannotListen(cause, options)));
		server.listen(options.port, options.address, resolve);
	});
	await new Promise((resolve) => server.close(resolve));
}

function cannotListen(cause: Error, { address, port }: Pick<ListenerOptions, "address" | "port">): WeftError {
	const { code } = cause as NodeJS.ErrnoException;
	if (code === "EADDRINUSE") {
		const holder = portHolder("tcp", port);
		const who = holder === undefined ? "another program" : holderText(holder);
		return new WeftError("PORT_IN_USE", `Cannot listen for other hosts at ${address}:${port}: ${who} does`, {
			fix: `stop it, or give it another port; ss -ltnp "sport = :${port}" shows it`,
			cause,
		});
	}
	return new WeftError("ADDRESS_INVALID", `Cannot listen for other hosts at ${address}:${port}`, {
		fix: "weft launch --advertise-addr IP",
		cause,
	});
}
