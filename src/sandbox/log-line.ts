import { StringDecoder } from "node:string_decoder";
import type { LogLineView } from "../model/view.ts";

/** What stands before the text of a line in conmon's k8s-file format: "<time> stdout F "; P instead of F: the line goes on. */
const head = /^(\S+) (stdout|stderr) ([FP]) ?/;
/** Longer than any head. */
const headBytes = 64;

/** Reads lines of one log, in order: a character that was cut between two parts of a line is put together again. */
export class LogLines {
	readonly #decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };

	/** @param line Without its line feed. @returns undefined for what is no line of a log. */
	read(line: Buffer): LogLineView | undefined {
		const match = head.exec(line.toString("latin1", 0, headBytes));
		if (match === null) return undefined;
		const [whole, time, stream, tag] = match as unknown as [string, string, LogLineView["stream"], string];
		const decoder = this.#decoders[stream];
		const bytes = line.subarray(whole.length);
		const partial = tag === "P";
		return { time, stream, text: partial ? decoder.write(bytes) : decoder.end(bytes), partial };
	}
}

/** @returns Whether a line is one of a log, and the last part of what was written as one. */
export function endsWhole(line: Buffer): boolean {
	return head.exec(line.toString("latin1", 0, headBytes))?.[3] === "F";
}
