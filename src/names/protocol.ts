import type { PictureChange } from "../dns/picture.ts";
import type { SandboxId } from "../model/endpoint.ts";
import type { ErrorBody } from "../model/error.ts";

/** One line of JSON from the agent to the names process. */
export interface PictureMessage {
	readonly seq: number;
	/** The changes make a whole picture: what is not in them is gone. */
	readonly whole: boolean;
	readonly changes: readonly PictureChange[];
}

/** One line back: the message is applied, and the sockets of all sandboxes are open but for these. */
export interface PictureAck {
	readonly seq: number;
	readonly failed: Readonly<Record<SandboxId, ErrorBody>>;
	readonly pid: number;
}

/** Splits a stream of text into lines. A line without an end stays until its end comes. */
export class Lines {
	/** In pieces: to join a long line with each piece that comes would copy it over and over. */
	#rest: string[] = [];

	push(chunk: string): string[] {
		const [first = "", ...others] = chunk.split("\n");
		this.#rest.push(first);
		const last = others.pop();
		if (last === undefined) return [];
		const lines = [this.#rest.join(""), ...others];
		this.#rest = [last];
		return lines.filter((line) => line !== "");
	}
}
