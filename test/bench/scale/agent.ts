import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAgent } from "../../../src/client/client.ts";
import type { Service } from "../../../src/model/service.ts";

/** Loaded into an agent: on SIGUSR2 it writes how long its event loop was held up since the last time, in ms. */
const watchLoop = `
import { writeFileSync, renameSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on("SIGUSR2", () => {
	const [p99, max] = [delay.percentile(99) / 1e6, delay.max / 1e6];
	writeFileSync("/run/weft/loop.new", JSON.stringify({ p99, max }));
	renameSync("/run/weft/loop.new", "/run/weft/loop.json");
	delay.reset();
});
`;
const watchScript = "/run/weft-watch-loop.mjs";
const ticksPerSecond = 100;

export interface LoopDelay {
	readonly p99: number;
	readonly max: number;
}

/** The agent of the host that this runs on, as the release has it. */
export class Agent {
	readonly service: Service = connectAgent({ socketPath: "/run/weft/weft.sock" });
	readonly #weft: string;
	pid = 0;

	/** @param weft The program. */
	constructor(weft: string) {
		this.#weft = weft;
	}

	/** @returns Ms until it is there and its kernel as it is wanted. */
	async launch(...flags: readonly string[]): Promise<number> {
		writeFileSync(watchScript, watchLoop);
		const env = { ...process.env, WEFT_DIST: "1", NODE_OPTIONS: `--import=${watchScript}` };
		const began = performance.now();
		spawn(this.#weft, ["launch", ...flags], { env, stdio: "ignore" });
		for (;;) {
			const status = await this.service.status().catch(() => undefined);
			if (status?.kernel.state === "in-sync") {
				this.pid = status.pid;
				return performance.now() - began;
			}
			if (performance.now() - began > 120_000) throw new Error(`no agent within 2 min: ${JSON.stringify(status)}`);
			await sleep(10);
		}
	}

	async namesPid(): Promise<number> {
		return (await this.service.status()).names.pid ?? 0;
	}

	kill(): void {
		process.kill(this.pid, "SIGKILL");
	}

	/** @returns How its event loop was held up since the last call. */
	async loopDelay(): Promise<LoopDelay> {
		rmSync("/run/weft/loop.json", { force: true });
		process.kill(this.pid, "SIGUSR2");
		for (;;) {
			try {
				return JSON.parse(readFileSync("/run/weft/loop.json", "utf8")) as LoopDelay;
			} catch {
				await sleep(10);
			}
		}
	}
}

/** @returns Ms of a processor that a process used so far. */
export function cpuMs(pid: number): number {
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
	return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** Waits until a process has nothing to do for a second. */
export async function idle(pid: number): Promise<void> {
	for (let before = cpuMs(pid); ; ) {
		await sleep(1_000);
		const now = cpuMs(pid);
		if (now - before < 50) return;
		before = now;
	}
}
