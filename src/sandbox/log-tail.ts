import type { FileHandle } from "node:fs/promises";
import { endsWhole } from "./log-line.ts";

const blockBytes = 64 * 1024;
const lineFeed = 0x0a;
/** conmon cuts lines at 8 KiB: what is longer is none of its. */
export const longestLineBytes = 64 * 1024;

/** @returns Where the last `count` lines of a log begin, read from its end; a line in parts is one. */
export async function startOfTail(file: FileHandle, count: number): Promise<number> {
	let { size: position } = await file.stat();
	if (count === 0) return position;
	let found = 0;
	/** The line that the blocks behind begin with, as far as they hold it. */
	let rest = Buffer.alloc(0);
	while (position > 0) {
		const length = Math.min(blockBytes, position);
		position -= length;
		const block = Buffer.alloc(length + rest.length);
		await file.read(block, 0, length, position);
		rest.copy(block, length);
		let end = block.length;
		while (end > 0) {
			const begin = end < 2 ? 0 : block.lastIndexOf(lineFeed, end - 2) + 1;
			if (begin === 0 && position > 0) break;
			const whole = endsWhole(block.subarray(begin, end));
			if (whole && found === count) return position + end;
			// What comes last counts, whether or not it is finished.
			if (whole || found === 0) found++;
			end = begin;
		}
		if (end > longestLineBytes) return position + end;
		rest = block.subarray(0, end);
	}
	return 0;
}
