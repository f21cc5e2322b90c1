import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { causeText, type ErrorCode, WeftError } from "../../model/error.ts";
import type { StoreHealth } from "../store.ts";
import { KV, Lease, Watch } from "./gen/rpc_pb.js";
import { Sessions } from "./sessions.ts";

export interface TlsOptions {
	readonly ca: string;
	readonly cert?: string;
	readonly key?: string;
	/** The name that the server's certificate bears, where that is not its address. */
	readonly serverName?: string;
}

const callTimeoutMs = 5_000;
/** The kernel asks for a connection after 1, 2, 4, 8 s (tcp_syn_retries): a new one is asked for sooner, so that a healed network is found. */
const connectTimeoutMs = 2_000;

/** One server of the store, and the three services that weft uses there. */
function open(url: string, tls: TlsOptions | undefined) {
	const { serverName: servername, ...credentials } = tls ?? {};
	const connection = new Sessions(url, { ...credentials, ...(servername === undefined ? {} : { servername }) });
	const transport: Transport = createGrpcTransport({ baseUrl: url, sessionManager: connection });
	return {
		url,
		/** Gives up a connection that is not there yet. */
		hurry() {
			if (connection.state() === "connecting")
				connection.abort(new ConnectError(`no connection within ${connectTimeoutMs} ms`, Code.Unavailable));
		},
		kv: createClient(KV, transport),
		watch: createClient(Watch, transport),
		lease: createClient(Lease, transport),
	};
}

export type Server = ReturnType<typeof open>;

/** The servers of one store: the one that answered last is asked first, the next one when it does not. */
export class Endpoints implements StoreHealth {
	readonly url: string;
	readonly #servers: readonly Server[];
	readonly #listeners = new Set<(reachable: boolean) => void>();
	#current = 0;
	#reason: string | undefined;

	constructor(shownUrl: string, urls: readonly string[], tls: TlsOptions | undefined) {
		this.url = shownUrl;
		this.#servers = urls.map((url) => open(url, tls));
	}

	get reachable(): boolean {
		return this.#reason === undefined;
	}

	get reason(): string | undefined {
		return this.#reason;
	}

	onChange(listener: (reachable: boolean) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	get server(): Server {
		const server = this.#servers[this.#current];
		if (server === undefined) throw new RangeError("Cannot use a store without servers");
		return server;
	}

	/** Notes that the current server answered. */
	answered(): void {
		if (this.#reason === undefined) return;
		this.#reason = undefined;
		for (const listener of this.#listeners) listener(true);
	}

	/** Notes that the current server did not answer: the next call goes to the next one. */
	failed(error: WeftError): void {
		this.#current = (this.#current + 1) % this.#servers.length;
		const first = this.#reason === undefined;
		this.#reason = `${error.message}${error.cause === undefined ? "" : `: ${causeText(error.cause)}`}`;
		if (first) for (const listener of this.#listeners) listener(false);
	}

	/**
	 * Calls one server after the other, until one answers.
	 * @param again Whether a call that may have been carried out may be made again (a read may).
	 * @throws {WeftError} STORE_UNREACHABLE, STORE_REFUSED, STORE_FULL, STORE_CONFLICT, TIMEOUT
	 */
	async call<T>(again: boolean, make: (server: Server, options: { timeoutMs: number }) => Promise<T>): Promise<T> {
		let last: WeftError | undefined;
		for (let i = 0; i < this.#servers.length; i++) {
			const { server } = this;
			const timer = setTimeout(() => server.hurry(), connectTimeoutMs);
			try {
				const result = await make(server, { timeoutMs: callTimeoutMs });
				this.answered();
				return result;
			} catch (cause) {
				const error = translate(cause, server.url);
				if (answers.has(error.code)) throw error;
				this.failed(error);
				if (!again && !neverSent(cause)) throw error;
				last = error;
			} finally {
				clearTimeout(timer);
			}
		}
		throw last ?? new RangeError("Cannot use a store without servers");
	}
}

/** What a server says that is there. */
const answers: ReadonlySet<ErrorCode> = new Set(["STORE_REFUSED", "STORE_FULL", "STORE_CONFLICT"]);

function neverSent(cause: unknown): boolean {
	return /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|no connection within/.test(causeText(cause));
}

/** The one place where the client library's errors become weft's. */
export function translate(cause: unknown, url: string): WeftError {
	if (cause instanceof WeftError) return cause;
	const { code, rawMessage } = ConnectError.from(cause);
	if (code === Code.InvalidArgument || code === Code.OutOfRange)
		return new WeftError("STORE_REFUSED", `Cannot use the store at ${url} so: ${rawMessage}`, { cause });
	if (code === Code.NotFound)
		return new WeftError("STORE_CONFLICT", `Cannot use the store at ${url} so: ${rawMessage}`, { cause });
	if (code === Code.Unauthenticated || code === Code.PermissionDenied) {
		return new WeftError("STORE_REFUSED", `Cannot use the store at ${url}: it refused`, {
			fix: "check the credentials, or join again: weft token on a member",
			cause,
		});
	}
	if (code === Code.ResourceExhausted) {
		return new WeftError("STORE_FULL", `Cannot write to the store at ${url}: it has no room`, {
			fix: "make room on its host, or ask for less at once",
			cause,
		});
	}
	if (code === Code.DeadlineExceeded) {
		return new WeftError("TIMEOUT", `Cannot reach the store at ${url}: no answer within ${callTimeoutMs} ms`, {
			fix: "check that its host is up; running containers go on",
			cause,
		});
	}
	return new WeftError("STORE_UNREACHABLE", `Cannot reach the store at ${url}`, {
		fix: "check that its host is up; running containers go on",
		cause,
	});
}
