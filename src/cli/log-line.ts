import type { LogLineView } from "../model/view.ts";
import type { Io } from "./io.ts";

/** @returns Writes a line to the stream that the container wrote it to; a line in parts gets one time, and one end. */
export function writeLine(io: Io, timestamps: boolean): (line: LogLineView) => void {
	const within = { stdout: false, stderr: false };
	return ({ stream, time, text, partial }) => {
		const head = timestamps && !within[stream] ? `${time} ` : "";
		within[stream] = partial;
		io[stream].write(`${head}${text}${partial ? "" : "\n"}`);
	};
}
