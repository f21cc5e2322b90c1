import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Lab } from "../../src/lab/lab.ts";

const patienceMs = 10_000;

/** A person at a terminal of a host: a shell line under a real pty (script(1)), and what its screen showed. */
export class Terminal {
	shown = "";
	/** The device, as this machine names it, too. */
	tty = "";
	readonly #child: ChildProcess;
	readonly #exited: Promise<unknown[]>;
	/** What was waited for ends here: the next wait looks behind it. */
	#seenTo = 0;

	private constructor(child: ChildProcess) {
		this.#child = child;
		this.#exited = once(child, "exit");
		for (const stream of [child.stdout, child.stderr])
			stream?.on("data", (chunk) => {
				this.shown += String(chunk);
			});
	}

	/** @param line Runs in a terminal of 30 rows and 100 columns. */
	static async open(lab: Lab, host: string, line: string): Promise<Terminal> {
		const typed = `stty rows 30 cols 100; tty; ${line}`;
		const terminal = new Terminal(lab.spawn(host, ["script", "-qefc", typed, "/dev/null"], "pipe"));
		terminal.tty = (await terminal.sees(/(\/dev\/pts\/\d+)\r\n/))[1] ?? "";
		return terminal;
	}

	type(keys: string): void {
		this.#child.stdin?.write(keys);
	}

	/** Waits until the screen shows it, behind what was waited for before. @throws After 10 s, with all that it showed. */
	async sees(wanted: RegExp): Promise<RegExpExecArray> {
		const deadline = performance.now() + patienceMs;
		for (;;) {
			const found = wanted.exec(this.shown.slice(this.#seenTo));
			if (found !== null) {
				this.#seenTo += found.index + found[0].length;
				return found;
			}
			if (performance.now() > deadline)
				throw new Error(`the terminal does not show ${wanted}:\n${JSON.stringify(this.shown)}`);
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
	}

	/** @returns Its exit code, once the line has ended. */
	async ended(): Promise<number> {
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs);
		const [code] = (await this.#exited) as [number | null];
		clearTimeout(timer);
		if (code === null) throw new Error(`the terminal's line does not end:\n${JSON.stringify(this.shown)}`);
		return code;
	}
}
