import { Readable, Writable } from "node:stream";
import type { Io } from "../../../src/cli/io.ts";
import { runCli } from "../../../src/cli/run-cli.ts";

/**
 * Runs on a host of the lab: reads a JSON list of command lines on stdin, runs each, and prints a JSON list of how they ended.
 * Words of the form NAME=value in front of a line are its environment.
 */

function collected(): Writable & { text: string } {
	const stream = new Writable({
		write(chunk, _, done) {
			stream.text += String(chunk);
			done();
		},
	}) as Writable & { text: string };
	stream.text = "";
	return stream;
}

async function run(words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
	const [stdout, stderr] = [collected(), collected()];
	const begin = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
	const settings = words.slice(0, begin).map((word): [string, string] => {
		const equals = word.indexOf("=");
		return [word.slice(0, equals), word.slice(equals + 1)];
	});
	const io: Io = {
		env: { ...process.env, ...Object.fromEntries(settings) },
		stdin: Readable.from([]),
		stdout,
		stderr,
		isRoot: process.getuid?.() === 0,
		now: () => Date.now(),
		onSignal: () => () => {},
	};
	const code = await runCli(words.slice(begin), io);
	return { code, stdout: stdout.text, stderr: stderr.text };
}

let input = "";
for await (const chunk of process.stdin) input += String(chunk);
const ended: Awaited<ReturnType<typeof run>>[] = [];
for (const words of JSON.parse(input) as string[][]) ended.push(await run(words));
process.stdout.write(JSON.stringify(ended), () => process.exit());
