import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** A server that a test starts, kills and starts again. It dies with the test's process, however that ends. */
export class ServerProcess {
	readonly #argv: readonly string[];
	#child: ChildProcess | undefined;
	#said = "";

	constructor(argv: readonly string[]) {
		this.#argv = argv;
		this.start();
	}

	start(): void {
		const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...this.#argv], { stdio: ["ignore", "pipe", "pipe"] });
		for (const stream of [child.stdout, child.stderr])
			stream.setEncoding("utf8").on("data", (text: string) => {
				this.#said = (this.#said + text).slice(-4_000);
			});
		this.#child = child;
	}

	/** kill -9. */
	async kill(): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
		const ended = once(child, "exit");
		child.kill("SIGKILL");
		await ended;
	}

	/** Freezes it, or lets it go on: its connections stay, and nothing answers. */
	signal(signal: "SIGSTOP" | "SIGCONT"): void {
		this.#child?.kill(signal);
	}

	/** @throws What `ready` last threw, and what the server said, after 20 s. */
	async until(ready: () => Promise<unknown>): Promise<void> {
		for (const deadline = performance.now() + 20_000; ; await sleep(50)) {
			try {
				await ready();
				return;
			} catch (cause) {
				if (performance.now() > deadline)
					throw new Error(`${this.#argv[0]} is not ready; it said: ${this.#said}`, { cause });
			}
		}
	}
}
