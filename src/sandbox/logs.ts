import { existsSync, readFileSync, watch } from "node:fs";
import { open } from "node:fs/promises";
import type { LogLineView } from "../model/view.ts";

/** @returns One line of conmon's k8s-file format: "<time> stdout F text"; P instead of F: the line goes on. */
export function parseLogLine(line: string): LogLineView | undefined {
	const match = /^(\S+) (stdout|stderr) ([FP]) ?(.*)$/s.exec(line);
	if (match === null) return undefined;
	const [, time = "", stream, tag, text = ""] = match;
	return { time, stream: stream as LogLineView["stream"], text, partial: tag === "P" };
}

/** @param tail That many lines from the end; all when omitted. @returns The lines that are there. */
export function readLog(path: string, tail?: number): LogLineView[] {
	if (!existsSync(path)) return [];
	const lines = readFileSync(path, "utf8")
		.split("\n")
		.map(parseLogLine)
		.filter((line) => line !== undefined);
	return tail === undefined ? lines : lines.slice(Math.max(0, lines.length - tail));
}

/** Yields what is there and what comes, until `ended` says that nothing more will, and all of it was read. */
export async function* followLog(
	path: string,
	tail: number | undefined,
	ended: () => boolean,
	signal: AbortSignal,
): AsyncIterable<LogLineView> {
	let wake = () => {};
	const onAbort = () => wake();
	signal.addEventListener("abort", onAbort);
	const folder = watch(path.slice(0, path.lastIndexOf("/")), () => wake());
	const file = await open(path, "a+");
	try {
		const before = readLog(path, tail);
		let position = (await file.stat()).size;
		yield* before;
		let rest = "";
		while (!signal.aborted) {
			const over = ended();
			const { size } = await file.stat();
			if (size > position) {
				const buffer = Buffer.alloc(size - position);
				await file.read(buffer, 0, buffer.length, position);
				position = size;
				const lines = (rest + buffer.toString("utf8")).split("\n");
				rest = lines.pop() ?? "";
				for (const line of lines.map(parseLogLine)) if (line !== undefined) yield line;
				continue;
			}
			if (over) return;
			await new Promise<void>((resolve) => {
				wake = resolve;
				// The end of the container is told by another file than the log.
				setTimeout(resolve, 200).unref();
			});
		}
	} finally {
		folder.close();
		await file.close();
		signal.removeEventListener("abort", onAbort);
	}
}
