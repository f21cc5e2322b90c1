import type { Readable, Writable } from "node:stream";
import { socketPathDefault } from "./places.ts";

/** A stream that may be a terminal. */
type MaybeTerminal = { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** What a command has of the world around it. */
export interface Io {
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly stdin: Readable & MaybeTerminal & { readonly fd?: number };
	readonly stdout: Writable & MaybeTerminal;
	readonly stderr: Writable & MaybeTerminal;
	readonly isRoot: boolean;
	/** Ms since 1970. */
	now(): number;
	/** Calls back instead of ending the process. @returns Gives the signal back. */
	onSignal(signals: readonly NodeJS.Signals[], listener: (signal: NodeJS.Signals) => void): () => void;
}

export function processIo(): Io {
	return {
		env: process.env,
		// Node makes each stream when it is first asked for: 2 ms that a verb without it need not wait.
		get stdin() {
			return process.stdin;
		},
		get stdout() {
			return process.stdout;
		},
		get stderr() {
			return process.stderr;
		},
		isRoot: process.getuid?.() === 0,
		now: () => Date.now(),
		onSignal(signals, listener) {
			for (const signal of signals) process.on(signal, listener);
			return () => {
				for (const signal of signals) process.off(signal, listener);
			};
		},
	};
}

export function print(io: Io, text: string): void {
	io.stdout.write(`${text}\n`);
}

/** For a person, beside the output that a script reads. */
export function note(io: Io, text: string): void {
	io.stderr.write(`${text}\n`);
}

export function socketPathOf(io: Io): string {
	return io.env["WEFT_SOCKET"] || socketPathDefault;
}
