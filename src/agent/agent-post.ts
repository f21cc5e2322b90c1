import { type RequestOptions, request } from "node:https";
import { type ErrorBody, WeftError } from "../model/error.ts";

/** Whom to ask, and how to know it. */
export type AgentPeer = Required<Pick<RequestOptions, "host" | "port" | "ca" | "servername">> &
	Pick<RequestOptions, "cert" | "key">;

/**
 * Sends JSON to another agent's listener. @returns The answer's text.
 * @throws {WeftError} What the other agent refused with. {Error} No answer in time, or not one of weft's.
 */
export function postToAgent(
	peer: AgentPeer,
	path: "/join" | "/store",
	body: string,
	timeoutMs: number,
): Promise<string> {
	return new Promise((resolve, reject) => {
		const signal = AbortSignal.timeout(timeoutMs);
		const outgoing = request({ ...peer, method: "POST", path, agent: false, signal }, (incoming) => {
			let text = "";
			incoming.setEncoding("utf8");
			incoming.on("data", (chunk: string) => {
				text += chunk;
			});
			incoming.on("error", reject);
			incoming.on("end", () => {
				if (incoming.statusCode === 200) resolve(text);
				else reject(refusalOf(text));
			});
		});
		outgoing.once("error", (cause) => reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : cause));
		outgoing.end(body);
	});
}

function refusalOf(text: string): Error {
	try {
		return WeftError.fromBody(JSON.parse(text) as ErrorBody);
	} catch {
		return new Error(`an answer that is not weft's: ${text.slice(0, 80)}`);
	}
}
