import { runWeft } from "../../memory-io.ts";
import type { Ended } from "../with-lab.ts";

/**
 * Runs on a host of the lab: reads a JSON list of command lines on stdin, runs each, and prints a JSON list of how they ended.
 * Words of the form NAME=value in front of a line are its environment.
 */
function run(words: readonly string[]): Promise<Ended> {
	const begin = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
	const settings = words.slice(0, begin).map((word): [string, string] => {
		const equals = word.indexOf("=");
		return [word.slice(0, equals), word.slice(equals + 1)];
	});
	const env = { ...process.env, ...Object.fromEntries(settings) };
	return runWeft(words.slice(begin), { env, isRoot: process.getuid?.() === 0 });
}

let input = "";
for await (const chunk of process.stdin) input += String(chunk);
const ended: Ended[] = [];
for (const words of JSON.parse(input) as string[][]) ended.push(await run(words));
process.stdout.write(JSON.stringify(ended), () => process.exit());
