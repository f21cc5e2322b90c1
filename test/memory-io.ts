import { Readable, Writable } from "node:stream";
import type { Io } from "../src/cli/io.ts";
import { runCli } from "../src/cli/run-cli.ts";
import { bornAt } from "./memory-service.ts";

interface Collected extends Writable {
	text: string;
}

function collected(): Collected {
	const stream: Collected = Object.assign(
		new Writable({
			write(chunk, _, done) {
				stream.text += String(chunk);
				done();
			},
		}),
		{ text: "" },
	);
	return stream;
}

/** A world around a command that keeps what is printed. */
export interface MemoryIo extends Io {
	readonly stdout: Collected;
	readonly stderr: Collected;
	/** Does as if the signal had come. */
	signal(signal: NodeJS.Signals): void;
}

/** @returns A world of root's, without a terminal, two hours after the memory service's things were made. */
export function memoryIo(changes: Partial<Pick<Io, "env" | "isRoot">> = {}): MemoryIo {
	const listeners = new Map<NodeJS.Signals, Set<(signal: NodeJS.Signals) => void>>();
	return {
		env: {},
		isRoot: true,
		stdin: Readable.from([]),
		stdout: collected(),
		stderr: collected(),
		now: () => Date.parse(bornAt) + 2 * 3600 * 1000,
		onSignal(signals, listener) {
			for (const signal of signals) {
				const known = listeners.get(signal) ?? new Set();
				listeners.set(signal, known.add(listener));
			}
			return () => {
				for (const signal of signals) listeners.get(signal)?.delete(listener);
			};
		},
		signal(signal) {
			for (const listener of listeners.get(signal) ?? []) listener(signal);
		},
		...changes,
	};
}

/** Runs one command line of weft in this process, to its end. */
export async function runWeft(
	words: readonly string[],
	changes: Parameters<typeof memoryIo>[0] = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
	const io = memoryIo(changes);
	const code = await runCli(words, io);
	return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}
