import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAgent } from "../client/client.ts";
import { WeftError } from "../model/error.ts";
import type { LaunchOptions } from "../model/launch.ts";
import type { Service } from "../model/service.ts";
import { paths } from "./paths.ts";

const startTimeoutMs = 15_000;

/** Starts the agent as a process of its own: it outlives this one and its terminal. */
export function startAgent(options: LaunchOptions): number {
	const log = openSync(paths.agentLog(options), "a", 0o600);
	const child = spawn(
		process.execPath,
		[
			...process.execArgv,
			process.argv[1] ?? "",
			"agent",
			"--state-dir",
			options.stateDir,
			"--run-dir",
			options.runDir,
			"--socket",
			options.socketPath,
		],
		{ detached: true, stdio: ["ignore", log, log], cwd: "/" },
	);
	child.unref();
	if (child.pid === undefined) throw new WeftError("INTERNAL", "Cannot start the agent: the process was not made");
	return child.pid;
}

/** @returns The agent, once it answers. @throws {WeftError} TIMEOUT after 15 s; INTERNAL when its process has ended. */
export async function answers(options: LaunchOptions, pid: number): Promise<Service> {
	const client = connectAgent({ socketPath: options.socketPath });
	const deadline = performance.now() + startTimeoutMs;
	for (;;) {
		try {
			await client.status();
			return client;
		} catch (error) {
			const running = isRunning(pid);
			if (running && performance.now() < deadline) {
				await sleep(50);
				continue;
			}
			throw new WeftError(
				running ? "TIMEOUT" : "INTERNAL",
				running
					? `Cannot see the agent answer within ${startTimeoutMs} ms (pid ${pid})`
					: "Cannot start the agent: it ended at once",
				{ fix: `see the end of ${paths.agentLog(options)}`, cause: error },
			);
		}
	}
}

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
