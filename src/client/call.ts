import { type IncomingMessage, request } from "node:http";
import type { Operation, Operations } from "../api/operations.ts";
import { type ErrorBody, errorCodes, WeftError } from "../model/error.ts";
import { checkRef } from "../model/name.ts";
import { type Route, type RouteName, routes } from "../model/routes.ts";
import { unreachable } from "./unreachable.ts";

type Input<Name extends RouteName> = Operations[Name] extends Operation<infer I, infer _> ? I : never;
type Answer<Name extends RouteName> = Operations[Name] extends Operation<infer _, infer A> ? A : never;

export interface CallOptions<Name extends RouteName> {
	/** What `{ref}` in the path stands for. */
	readonly ref?: string;
	readonly input?: Input<Name>;
	readonly signal?: AbortSignal;
	/** Until the answer begins. */
	readonly timeoutMs?: number;
}

/** Longer than the agent takes for anything but to wait for a container. */
const defaultTimeoutMs = 60_000;

/** Calls the agent's routes over its unix socket. Answers have the types that the API's schemas have. */
export class Caller {
	readonly #socketPath: string;

	constructor(socketPath: string) {
		this.#socketPath = socketPath;
	}

	async call<Name extends RouteName>(name: Name, options: CallOptions<Name>): Promise<Answer<Name>> {
		const response = await this.#send(name, options);
		const body = await textOf(response, this.#socketPath);
		if (isRefused(response)) throw errorOf(response, body, this.#socketPath);
		return (body === "" ? undefined : read(body, this.#socketPath)) as Answer<Name>;
	}

	/** Ends quietly when `signal` aborts. */
	async *lines<Name extends RouteName>(name: Name, options: CallOptions<Name>): AsyncIterable<Answer<Name>> {
		let response: IncomingMessage | undefined;
		try {
			response = await this.#send(name, options);
			if (isRefused(response)) throw errorOf(response, await textOf(response, this.#socketPath), this.#socketPath);
			yield* linesOf<Answer<Name>>(response, this.#socketPath);
		} catch (error) {
			if (options.signal?.aborted !== true) throw error;
		} finally {
			response?.destroy();
		}
	}

	#send<Name extends RouteName>(name: Name, options: CallOptions<Name>): Promise<IncomingMessage> {
		const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
		const { method, path }: Route = routes[name];
		const body = method === "POST" ? JSON.stringify(options.input ?? {}) : undefined;
		const sent = request({
			socketPath: this.#socketPath,
			method,
			path: pathOf(path, options.ref) + (body === undefined ? queryOf(options.input ?? {}) : ""),
			headers:
				body === undefined
					? {}
					: { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) },
			agent: false,
			...(options.signal === undefined ? {} : { signal: options.signal }),
		});
		const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
		const timer = Number.isFinite(timeoutMs)
			? setTimeout(() => sent.destroy(tooLate(timeoutMs)), timeoutMs)
			: undefined;
		sent.once("response", resolve);
		sent.on("error", (error) => reject(unreachable(this.#socketPath, error)));
		sent.end(body);
		return promise.finally(() => clearTimeout(timer));
	}
}

/** The form is checked before it becomes a part of a path, which would read ".." as a way up. */
function pathOf(path: string, ref: string | undefined): string {
	if (ref === undefined) return path;
	const kind = path.startsWith("/v1/networks") ? "network" : "container";
	return path.replace("{ref}", encodeURIComponent(checkRef(kind, ref)));
}

/** A list becomes a key that comes several times. */
function queryOf(input: object): string {
	const query = new URLSearchParams();
	type Value = string | number | boolean;
	for (const [key, value] of Object.entries(input) as [string, Value | Value[]][]) {
		for (const item of Array.isArray(value) ? value : [value]) query.append(key, String(item));
	}
	return query.size === 0 ? "" : `?${query.toString()}`;
}

function isRefused(response: IncomingMessage): boolean {
	return (response.statusCode ?? 0) >= 400;
}

function errorOf({ statusCode }: IncomingMessage, body: string, socketPath: string): WeftError {
	const known = readErrorBody(body);
	return known === undefined ? noAgent(socketPath, `status ${statusCode}: ${body}`) : WeftError.fromBody(known);
}

function read(text: string, socketPath: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw noAgent(socketPath, text);
	}
}

function noAgent(socketPath: string, answer: string): WeftError {
	return new WeftError(
		"AGENT_UNREACHABLE",
		`Cannot reach the weft agent at ${socketPath}: what answers there is none`,
		{
			cause: `it said: ${answer.slice(0, 200)}`,
			fix: "WEFT_SOCKET says where the agent is; an older agent is ended, and weft launch starts it again",
		},
	);
}

function readErrorBody(body: string): ErrorBody | undefined {
	try {
		const value = JSON.parse(body) as Partial<ErrorBody>;
		return value.code !== undefined && Object.hasOwn(errorCodes, value.code) ? (value as ErrorBody) : undefined;
	} catch {
		return undefined;
	}
}

async function textOf(response: IncomingMessage, socketPath: string): Promise<string> {
	try {
		let text = "";
		response.setEncoding("utf8");
		for await (const chunk of response) text += chunk;
		return text;
	} catch (error) {
		throw unreachable(socketPath, error);
	}
}

async function* linesOf<T>(response: IncomingMessage, socketPath: string): AsyncIterable<T> {
	let rest = "";
	response.setEncoding("utf8");
	const chunks = response[Symbol.asyncIterator]() as AsyncIterator<string>;
	while (true) {
		const chunk = await chunks.next().catch((error: unknown) => {
			throw unreachable(socketPath, error);
		});
		if (chunk.done === true) return;
		const lines = (rest + chunk.value).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) {
			const item = read(line, socketPath) as T | { error: ErrorBody };
			if (typeof item === "object" && item !== null && "error" in item) throw WeftError.fromBody(item.error);
			yield item;
		}
	}
}

function tooLate(timeoutMs: number): WeftError {
	return new WeftError("TIMEOUT", `Cannot wait for the agent any longer: no answer within ${timeoutMs / 1000} s`, {
		fix: "weft status, or see the agent's log",
	});
}
