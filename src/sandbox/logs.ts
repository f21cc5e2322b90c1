import { watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { LogLineView } from "../model/view.ts";
import { LogLines } from "./log-line.ts";
import { longestLineBytes, startOfTail } from "./log-tail.ts";

/** Memory that one reader takes, however long the log is. */
const blockBytes = 64 * 1024;
const lineFeed = 0x0a;

/** @param tail That many lines from the end; all when omitted. @returns The lines that are there. */
export async function* readLog(path: string, tail?: number): AsyncIterable<LogLineView> {
	const file = await openLog(path);
	if (file === undefined) return;
	try {
		const reader = await LogReader.from(file, tail);
		yield* reader.lines((await file.stat()).size);
	} finally {
		await file.close();
	}
}

/** Yields what is there and what comes, until `ended` says that nothing more will, and all of it was read; or `signal` aborts. */
export async function* followLog(
	path: string,
	{ tail, ended, signal }: { readonly tail?: number; readonly ended: () => boolean; readonly signal: AbortSignal },
): AsyncIterable<LogLineView> {
	let wake = () => {};
	const onAbort = () => wake();
	signal.addEventListener("abort", onAbort);
	using _folder = watchFolder(dirname(path), () => wake());
	let file: FileHandle | undefined;
	try {
		let reader: LogReader | undefined;
		while (!signal.aborted) {
			const over = ended();
			file ??= await openLog(path);
			if (file !== undefined) {
				reader ??= await LogReader.from(file, tail);
				yield* reader.lines();
			}
			if (over) return;
			await new Promise<void>((resolve) => {
				wake = resolve;
				// The end of the container is told by another file than the log.
				setTimeout(resolve, 200).unref();
			});
		}
	} finally {
		await file?.close();
		signal.removeEventListener("abort", onAbort);
	}
}

/** Reads one log from somewhere on. */
class LogReader {
	readonly #file: FileHandle;
	readonly #lines = new LogLines();
	readonly #block = Buffer.alloc(blockBytes);
	#position: number;
	/** The beginning of a line whose end is not written, or not read. */
	#rest = Buffer.alloc(0);

	private constructor(file: FileHandle, position: number) {
		this.#file = file;
		this.#position = position;
	}

	static async from(file: FileHandle, tail: number | undefined): Promise<LogReader> {
		return new LogReader(file, tail === undefined ? 0 : await startOfTail(file, tail));
	}

	/** Yields the lines that are written by now. @param to Of a log that grows, no further than this. */
	async *lines(to = Number.POSITIVE_INFINITY): AsyncIterable<LogLineView> {
		while (this.#position < to) {
			const length = Math.min(blockBytes, to - this.#position);
			const { bytesRead } = await this.#file.read(this.#block, 0, length, this.#position);
			if (bytesRead === 0) return;
			this.#position += bytesRead;
			const bytes = Buffer.concat([this.#rest, this.#block.subarray(0, bytesRead)]);
			let begin = 0;
			for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, begin)) {
				const line = this.#lines.read(bytes.subarray(begin, end));
				begin = end + 1;
				if (line !== undefined) yield line;
			}
			this.#rest = bytes.length - begin > longestLineBytes ? Buffer.alloc(0) : bytes.subarray(begin);
		}
	}
}

/** @returns undefined when nothing was written yet. */
async function openLog(path: string): Promise<FileHandle | undefined> {
	try {
		return await open(path, "r");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
}

/** Calls back when something in a folder changes. A folder that goes, or is gone, does not change any more. */
function watchFolder(folder: string, onChange: () => void): Disposable {
	try {
		const watcher = watch(folder, onChange);
		watcher.on("error", onChange);
		return { [Symbol.dispose]: () => watcher.close() };
	} catch {
		return { [Symbol.dispose]: () => {} };
	}
}
