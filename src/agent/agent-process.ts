import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAgent } from "../client/client.ts";
import { type ErrorBody, isWeftError, WeftError } from "../model/error.ts";
import type { LaunchOptions } from "../model/launch.ts";
import type { Service } from "../model/service.ts";
import { ownProcess } from "./own-process.ts";
import { paths } from "./paths.ts";

const startTimeoutMs = 15_000;

/** An agent on its way. */
export interface AgentProcess {
	readonly pid: number;
	/** @returns Why it has ended, if it has. */
	failure(): WeftError | undefined;
}

/** Starts the agent as a process of its own: it outlives this one and its terminal. */
export function startAgent(options: LaunchOptions): AgentProcess {
	const log = openSync(paths.agentLog(options), "a", 0o600);
	const flags = ["--state-dir", options.stateDir, "--run-dir", options.runDir, "--socket", options.socketPath];
	const { file, args, env } = ownProcess("agent", flags);
	const child = spawn(file, args, {
		env,
		detached: true,
		stdio: ["ignore", log, log, "ipc"],
		cwd: "/",
	});
	child.unref();
	child.channel?.unref();
	const { pid } = child;
	if (pid === undefined) throw new WeftError("INTERNAL", "Cannot start the agent: the process was not made");
	let told: WeftError | undefined;
	child.on("message", (body) => {
		told = WeftError.fromBody(body as ErrorBody);
	});
	const ended = () => (child.exitCode !== null || child.signalCode !== null) && !child.connected;
	return { pid, failure: () => told ?? (ended() ? endedAtOnce(options) : undefined) };
}

function endedAtOnce(options: LaunchOptions): WeftError {
	return new WeftError("INTERNAL", "Cannot start the agent: it ended at once", {
		fix: `see the end of ${paths.agentLog(options)}`,
	});
}

/** Lets whoever launched this agent know why it cannot begin. */
export async function tellLauncher(error: unknown): Promise<void> {
	if (process.send === undefined || !isWeftError(error)) return;
	const { promise, resolve } = Promise.withResolvers<void>();
	// The launcher may have gone meanwhile: then nobody is there to tell.
	process.send(error.toBody(), undefined, undefined, () => resolve());
	await promise;
}

/** @returns The agent, once it answers. @throws {WeftError} What it ended with; TIMEOUT after 15 s. */
export async function answers(options: LaunchOptions, { pid, failure }: AgentProcess): Promise<Service> {
	const client = connectAgent({ socketPath: options.socketPath });
	const deadline = performance.now() + startTimeoutMs;
	for (;;) {
		try {
			await client.status();
			return client;
		} catch (cause) {
			const reason = failure();
			if (reason !== undefined) throw reason;
			if (performance.now() > deadline) {
				throw new WeftError("TIMEOUT", `Cannot see the agent answer within ${startTimeoutMs} ms (pid ${pid})`, {
					fix: `see the end of ${paths.agentLog(options)}`,
					cause,
				});
			}
			await sleep(50);
		}
	}
}
