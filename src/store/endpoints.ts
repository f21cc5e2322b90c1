import { causeText, type WeftError } from "../model/error.ts";
import type { StoreHealth } from "./store.ts";

export const callTimeoutMs = 5_000;
/** The kernel asks for a connection after 1, 2, 4, 8 s (tcp_syn_retries): a new one is asked for sooner, so that a healed network is found. */
export const connectTimeoutMs = 2_000;

/** One server of a store, as that store's client speaks to it. */
export interface Server {
	readonly url: string;
	/** Makes a store's errors weft's. A WeftError is kept. */
	translate(cause: unknown): WeftError;
	/** Ends its connections. */
	close(): void;
}

/** The servers of one store: the one that answered last is asked first, the next one when it does not. */
export class Endpoints<S extends Server> implements StoreHealth {
	readonly url: string;
	readonly #servers: readonly S[];
	readonly #listeners = new Set<(reachable: boolean) => void>();
	#current = 0;
	#reason: string | undefined;

	/** @param servers One or more. */
	constructor(shownUrl: string, servers: readonly S[]) {
		this.url = shownUrl;
		this.#servers = servers;
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

	get server(): S {
		const server = this.#servers[this.#current];
		if (server === undefined) throw new RangeError("Cannot use a store without servers");
		return server;
	}

	/** Notes that a server answered. */
	answered(server: S): void {
		this.#current = this.#servers.indexOf(server);
		if (this.#reason === undefined) return;
		this.#reason = undefined;
		for (const listener of this.#listeners) listener(true);
	}

	/** Notes that a server did not do what it was asked: the next call goes to the next one. */
	failed(server: S, error: WeftError): void {
		// Of many calls that one server fails, one moves on.
		if (this.server === server) this.#current = (this.#current + 1) % this.#servers.length;
		const first = this.#reason === undefined;
		this.#reason = `${error.message}${error.cause === undefined ? "" : `: ${causeText(error.cause)}`}`;
		if (first) for (const listener of this.#listeners) listener(false);
	}

	close(): void {
		for (const server of this.#servers) server.close();
	}

	/**
	 * Calls one server after the other, until one answers.
	 * @param again Whether a call that may have been carried out may be made again (a read may).
	 * @throws {WeftError} STORE_UNREACHABLE, STORE_REFUSED, TIMEOUT of the last one; STORE_FULL, STORE_CONFLICT at once
	 */
	async call<T>(again: boolean, make: (server: S) => Promise<T>): Promise<T> {
		const first = this.#current;
		for (let i = 1; ; i++) {
			const server = this.#servers[(first + i - 1) % this.#servers.length] ?? this.server;
			try {
				const result = await make(server);
				this.answered(server);
				return result;
			} catch (cause) {
				const error = server.translate(cause);
				if (error.code === "STORE_FULL" || error.code === "STORE_CONFLICT") {
					this.answered(server);
					throw error;
				}
				this.failed(server, error);
				const mayBeDone = error.code !== "STORE_REFUSED" && !neverSent(cause);
				if (i === this.#servers.length || (mayBeDone && !again)) throw error;
			}
		}
	}
}

/** What a client gives up a connection with that is not there after {@link connectTimeoutMs}. */
export const notConnected = `no connection within ${connectTimeoutMs} ms`;

function neverSent(cause: unknown): boolean {
	return new RegExp(`ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|${notConnected}`).test(causeText(cause));
}
