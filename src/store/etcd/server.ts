import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WeftError } from "../../model/error.ts";
import { callTimeoutMs, connectTimeoutMs, notConnected, type Server } from "../endpoints.ts";
import { leaseGone } from "../store.ts";
import { nodeTls, type TlsOptions, tlsRefusal } from "../tls.ts";
import { KV, Lease, Watch } from "./gen/rpc_pb.js";
import { type Login, loggedIn, type User } from "./login.ts";
import { Sessions } from "./sessions.ts";

export interface EtcdAccess {
	readonly tls?: TlsOptions;
	readonly user?: User;
	/** What helps when the store refuses, or cannot be trusted: for one that is no etcd of the user's own. */
	readonly whenRefused?: string;
}

/** One server of the store, and the three services that weft uses there. */
export class EtcdServer implements Server {
	readonly url: string;
	readonly kv;
	readonly watch;
	readonly lease;
	readonly #sessions: Sessions;
	readonly #whenRefused: string | undefined;

	/** @param login What the servers of one store share: a token of one is good for all. */
	constructor(url: string, { tls, whenRefused }: EtcdAccess, login: Login | undefined) {
		this.url = url;
		this.#whenRefused = whenRefused;
		this.#sessions = new Sessions(url, tls === undefined ? {} : nodeTls(tls));
		const options = { baseUrl: url, sessionManager: this.#sessions };
		const interceptors = [withLeader, ...(login === undefined ? [] : [loggedIn(login, createGrpcTransport(options))])];
		const transport = createGrpcTransport({ ...options, interceptors });
		this.kv = createClient(KV, transport);
		this.watch = createClient(Watch, transport);
		this.lease = createClient(Lease, transport);
	}

	/** Makes one call, within the time that calls have. */
	async ask<T>(make: (server: EtcdServer, options: { timeoutMs: number }) => Promise<T>): Promise<T> {
		const timer = setTimeout(() => this.#hurry(), connectTimeoutMs);
		try {
			return await make(this, { timeoutMs: callTimeoutMs });
		} finally {
			clearTimeout(timer);
		}
	}

	/** Gives up a connection that is not there yet. */
	#hurry(): void {
		if (this.#sessions.state() === "connecting") this.#sessions.abort(new ConnectError(notConnected, Code.Unavailable));
	}

	close(): void {
		this.#sessions.abort();
	}

	/** The one place where the client library's errors become weft's. */
	translate(cause: unknown): WeftError {
		const error = cause instanceof WeftError ? cause : (tlsRefusal(cause, this.url) ?? translate(cause, this.url));
		const fix = this.#whenRefused;
		if (error.code !== "STORE_REFUSED" || fix === undefined) return error;
		return new WeftError(error.code, error.message, { fix, cause: error.cause });
	}
}

/** A member of etcd that has lost its leader keeps a watch open, silent for ever, for those who do not say that they mind. */
const withLeader: Interceptor = (next) => (request) => {
	request.header.set("hasleader", "true");
	return next(request);
};

function translate(cause: unknown, url: string): WeftError {
	const { code, rawMessage } = ConnectError.from(cause);
	switch (code) {
		case Code.Unauthenticated:
		case Code.PermissionDenied:
			return refused(url, cause);
		case Code.InvalidArgument:
		case Code.OutOfRange:
			// A wrong password, too, is an invalid argument to etcd.
			if (/authentication failed|user name is empty/.test(rawMessage)) return refused(url, cause);
			return new WeftError("STORE_REFUSED", `Cannot use the store at ${url} so: ${rawMessage}`, { cause });
		case Code.ResourceExhausted:
			return new WeftError("STORE_FULL", `Cannot write to the store at ${url}: it has no room`, {
				fix: "make room on its host; for etcd: etcdctl compact, defrag, alarm disarm",
				cause,
			});
		case Code.NotFound:
			return leaseGone(undefined, cause);
		case Code.DeadlineExceeded:
			return new WeftError("TIMEOUT", `Cannot reach the store at ${url}: no answer within ${callTimeoutMs} ms`, {
				fix: "check that its host is up; running containers go on",
				cause,
			});
		default:
			return new WeftError("STORE_UNREACHABLE", `Cannot reach the store at ${url}`, {
				fix: "check that its host is up; running containers go on",
				cause,
			});
	}
}

export function refused(url: string, cause: unknown): WeftError {
	return new WeftError("STORE_REFUSED", `Cannot use the store at ${url}: it refused`, {
		fix: "weft launch --store-user NAME --store-password-file FILE, of a user of etcd with a role that may read and write weft's prefix",
		cause,
	});
}
