import type { Writable } from "node:stream";
import { styleText } from "node:util";
import { causeText, isWeftError } from "../model/error.ts";
import { visible } from "../model/visible.ts";

/** Prints what could not be done, why, and what to do; in colours on a terminal. */
export function printError(stderr: Writable & { isTTY?: boolean }, error: unknown): void {
	const red = (text: string) => colour(stderr, "red", text);
	const dim = (text: string) => colour(stderr, "dim", text);
	if (!isWeftError(error)) {
		const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
		stderr.write(`${red("error:")} Cannot go on: weft made a mistake\n  ${dim("cause:")} ${stack}\n`);
		return;
	}
	const lines = [`${red("error:")} ${visible(error.message)}`];
	if (error.cause !== undefined) lines.push(`  ${dim("cause:")} ${visible(causeText(error.cause))}`);
	if (error.fix !== undefined) lines.push(`  ${dim("fix:")}   ${visible(error.fix)}`);
	lines.push(`  ${dim("code:")}  ${error.code}`);
	stderr.write(`${lines.join("\n")}\n`);
}

function colour(stream: Writable & { isTTY?: boolean }, style: "red" | "dim", text: string): string {
	return stream.isTTY === true ? styleText(style, text, { stream }) : text;
}
