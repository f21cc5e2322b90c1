import { setTimeout as sleep } from "node:timers/promises";
import { connectAgent } from "../client/client.ts";
import { isWeftError } from "../model/error.ts";
import type { LaunchOptions, LaunchReport } from "../model/launch.ts";
import type { Service } from "../model/service.ts";

const wiredMs = 15_000;
const askAgainMs = 50;

/**
 * Lets an agent that runs go on in another cluster, as its own one's store is lost.
 * @param running Why it cannot be launched. Thrown, when the agent's own store answers.
 * @returns The agent, once it uses the other store.
 */
export async function rejoin(
	{ socketPath, join = "" }: LaunchOptions,
	report: LaunchReport,
	running: unknown,
): Promise<{ readonly client: Service; readonly pid: number; readonly storeUrl: string }> {
	const client = connectAgent({ socketPath });
	const { storeUrl, left } = await client.store.join({ token: join }).catch((error: unknown) => {
		throw isWeftError(error, "CONFLICT", "ARGUMENT_INVALID") ? running : error;
	});
	report({ subject: "token", outcome: "ok", detail: `accepted: the store is ${storeUrl}` });
	for (const detail of left) report({ subject: "memory", outcome: "warning", detail: `not put back: ${detail}` });
	const deadline = performance.now() + wiredMs;
	for (;;) {
		try {
			const { store, pid } = await client.status();
			if ((store.url === storeUrl && store.state === "connected") || performance.now() > deadline)
				return { client, pid, storeUrl };
		} catch (error) {
			// Its parts are taken down for a moment.
			if (!isWeftError(error, "AGENT_UNREACHABLE") || performance.now() > deadline) throw error;
		}
		await sleep(askAgainMs);
	}
}
