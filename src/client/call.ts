import { StringDecoder } from "node:string_decoder";
import type { Operation, Operations } from "../api/operations.ts";
import { type ErrorBody, errorCodes, WeftError } from "../model/error.ts";
import { checkRef } from "../model/name.ts";
import { type Route, type RouteName, routes } from "../model/routes.ts";
import { type Answer as HttpAnswer, send } from "./http.ts";
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
		const answer = await this.#send(name, options);
		const body = await textOf(answer, this.#socketPath);
		if (answer.status >= 400) throw errorOf(answer, body, this.#socketPath);
		return (body === "" ? undefined : parsed(body, this.#socketPath)) as Answer<Name>;
	}

	/** Ends quietly when `signal` aborts. */
	async *lines<Name extends RouteName>(name: Name, options: CallOptions<Name>): AsyncIterable<Answer<Name>> {
		let answer: HttpAnswer | undefined;
		try {
			answer = await this.#send(name, options);
			if (answer.status >= 400) throw errorOf(answer, await textOf(answer, this.#socketPath), this.#socketPath);
			yield* linesOf<Answer<Name>>(answer, this.#socketPath);
		} catch (error) {
			if (options.signal?.aborted !== true) throw error;
		} finally {
			answer?.destroy();
		}
	}

	async #send<Name extends RouteName>(name: Name, options: CallOptions<Name>): Promise<HttpAnswer> {
		const { method, path }: Route = routes[name];
		const { ref, signal, timeoutMs = defaultTimeoutMs } = options;
		const input: object = options.input ?? {};
		const inBody = method === "POST";
		const target = pathOf(path, ref) + (inBody ? "" : queryOf(input));
		try {
			return await send({
				socketPath: this.#socketPath,
				method,
				path: target,
				timeoutMs,
				onTimeout: () => tooLate(timeoutMs),
				...(inBody ? { body: JSON.stringify(input) } : {}),
				...(signal === undefined ? {} : { signal }),
			});
		} catch (error) {
			throw notAnswered(this.#socketPath, error);
		}
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

function errorOf({ status }: HttpAnswer, body: string, socketPath: string): WeftError {
	const known = readErrorBody(body);
	return known === undefined ? noAgent(socketPath, `status ${status}: ${body}`) : WeftError.fromBody(known);
}

function parsed(text: string, socketPath: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw noAgent(socketPath, text);
	}
}

/** @param error What sending, or reading, failed with. */
function notAnswered(socketPath: string, error: unknown): WeftError {
	return error instanceof SyntaxError ? noAgent(socketPath, error.message) : unreachable(socketPath, error);
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

async function textOf({ body, destroy }: HttpAnswer, socketPath: string): Promise<string> {
	try {
		const chunks: Buffer[] = [];
		for await (const chunk of body) chunks.push(chunk);
		return Buffer.concat(chunks).toString("utf8");
	} catch (error) {
		throw notAnswered(socketPath, error);
	} finally {
		destroy();
	}
}

async function* linesOf<T>({ body }: HttpAnswer, socketPath: string): AsyncIterable<T> {
	// A character may be cut in two.
	const decoder = new StringDecoder("utf8");
	let rest = "";
	const chunks = body[Symbol.asyncIterator]();
	while (true) {
		const chunk = await chunks.next().catch((error: unknown) => {
			throw notAnswered(socketPath, error);
		});
		if (chunk.done === true) return;
		const lines = (rest + decoder.write(chunk.value)).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) {
			const item = parsed(line, socketPath) as T | { error: ErrorBody };
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
