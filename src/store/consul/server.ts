import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { causeText, WeftError } from "../../model/error.ts";
import { callTimeoutMs, connectTimeoutMs, notConnected, type Server } from "../endpoints.ts";
import { nodeTls, type TlsOptions, tlsRefusal } from "../tls.ts";

export interface ConsulAccess {
	readonly tls?: TlsOptions;
	/** The secret of an ACL token. */
	readonly token?: string;
	/** What all keys stand below, with a slash behind it. */
	readonly root: string;
}

interface Ask {
	readonly method?: "GET" | "PUT";
	/** Behind "/v1/", with its query. */
	readonly path: string;
	readonly body?: unknown;
	readonly timeoutMs?: number;
	readonly signal?: AbortSignal;
}

/** What a server answered, whatever the status, as long as it did what it was asked to. */
export interface Answer {
	readonly status: number;
	/** X-Consul-Index; 0 where there is none. */
	readonly index: number;
	/** Whether a token may have to be shown to see anything at all. */
	readonly deniesByDefault: boolean;
	readonly body: string;
}

/** Nothing comes while nothing changes: the kernel finds a peer that is gone, in about 12 s. */
const keepAliveMs = 2_000;

/** One server of Consul, or a client agent of it: its HTTP API, over connections that are kept. */
export class ConsulServer implements Server {
	readonly url: string;
	readonly #root: string;
	readonly #agent: http.Agent;
	readonly #headers: Readonly<Record<string, string>>;

	constructor(url: string, { tls, token, root }: ConsulAccess) {
		this.url = url;
		this.#root = root;
		const options = { keepAlive: true, ...(tls === undefined ? {} : nodeTls(tls)) };
		this.#agent = url.startsWith("https:") ? new https.Agent(options) : new http.Agent(options);
		this.#headers = token === undefined ? {} : { "X-Consul-Token": token };
	}

	/** @throws {WeftError} STORE_REFUSED, STORE_UNREACHABLE, TIMEOUT. @throws The errors of node:http. */
	async ask({ method = "GET", path, body, timeoutMs = callTimeoutMs, signal }: Ask): Promise<Answer> {
		const { promise: responding, resolve, reject } = Promise.withResolvers<IncomingMessage>();
		const { request: send } = this.url.startsWith("https:") ? https : http;
		const request = send(new URL(`/v1/${path}`, this.url), {
			method,
			agent: this.#agent,
			headers: this.#headers,
			...(signal === undefined ? {} : { signal }),
		});
		const late = setTimeout(() => request.destroy(this.#timeout(timeoutMs)), timeoutMs);
		const far = setTimeout(() => request.destroy(new Error(notConnected)), connectTimeoutMs);
		request.on("socket", (socket) => {
			socket.setKeepAlive(true, keepAliveMs);
			if (socket.connecting) socket.once("connect", () => clearTimeout(far));
			else clearTimeout(far);
		});
		request.on("response", resolve).on("error", reject);
		request.end(body === undefined ? undefined : JSON.stringify(body));
		try {
			return this.#answer(await responding, await textOf(await responding));
		} finally {
			clearTimeout(late);
			clearTimeout(far);
		}
	}

	#answer({ statusCode: status = 0, headers }: IncomingMessage, body: string): Answer {
		const hidden = headers["x-consul-results-filtered-by-acls"] === "true";
		// 404: there is no such key. 409: a transaction does not hold.
		if (hidden || (status !== 200 && status !== 404 && status !== 409)) throw this.#failure(status, hidden, body);
		return {
			status,
			index: Number(headers["x-consul-index"] ?? 0),
			deniesByDefault: headers["x-consul-default-acl-policy"] === "deny",
			body,
		};
	}

	#failure(status: number, hidden: boolean, body: string): WeftError {
		const cause = new Error(body === "" ? `status ${status}` : body.slice(0, 500));
		if (hidden) return this.lacksRights(new Error("keys were kept back"));
		if (status === 403 || status === 401) return this.lacksRights(cause);
		if (status >= 400 && status < 500 && status !== 429)
			return new WeftError("STORE_REFUSED", `Cannot use the store at ${this.url}: it refused`, { cause });
		return new WeftError("STORE_UNREACHABLE", `Cannot use the store at ${this.url}: it cannot answer`, {
			fix: "consul operator raft list-peers tells whether there is a leader; running containers go on",
			cause,
		});
	}

	/** @param cause What Consul said; it names no secret. */
	lacksRights(cause: Error): WeftError {
		const [keys, sessions] = [`key_prefix "${this.#root}"`, 'session_prefix ""'].map(
			(of) => `${of} { policy = "write" }`,
		);
		return new WeftError("STORE_REFUSED", `Cannot use the store at ${this.url}: its ACL does not let this token`, {
			fix: `weft launch --store-token-file FILE, with a token of a policy with the rules ${keys} and ${sessions}`,
			cause,
		});
	}

	#timeout(timeoutMs: number): WeftError {
		return new WeftError("TIMEOUT", `Cannot reach the store at ${this.url}: no answer within ${timeoutMs} ms`, {
			fix: "check that its host is up; running containers go on",
		});
	}

	translate(cause: unknown): WeftError {
		if (cause instanceof WeftError) return cause;
		return (
			tlsRefusal(cause, this.url) ??
			new WeftError("STORE_UNREACHABLE", `Cannot reach the store at ${this.url}`, {
				fix: "check that its host is up; running containers go on",
				cause: cause instanceof Error ? cause : new Error(causeText(cause)),
			})
		);
	}

	close(): void {
		this.#agent.destroy();
	}
}

async function textOf(response: IncomingMessage): Promise<string> {
	let text = "";
	for await (const chunk of response.setEncoding("utf8")) text += chunk;
	return text;
}
