import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { underlay } from "../../src/lab/names.ts";
import type { Cluster } from "./cluster.ts";
import { held } from "./held.ts";
import type { Model } from "./model.ts";
import { type Known, wanted } from "./wanted.ts";

/** How long the agents may take after the last death until all is as it should be. */
const settleMs = 10_000;

/** Waits until every host holds what the model says. @throws When one does not. */
export async function agree(cluster: Cluster, model: Model): Promise<void> {
	await cluster.quiet();
	await waitFor("every host holds what the model says", settleMs, async () => {
		const known = await knownOf(cluster);
		model.learn((box, network) => known.containers.get(box.name)?.networks[network]?.ipAddress);
		const differences = await Promise.all(
			cluster.hosts.map(async (host) => {
				const difference = differ(await held(cluster, host), wanted(model, known, host));
				return difference === "" ? "" : `${host} is not as it should be:\n${difference}`;
			}),
		);
		const difference = differences.filter((text) => text !== "").join("\n");
		return difference === "" ? undefined : difference;
	});
}

/** Looks again and again. @param look Returns why it is not so yet. @throws When it is not within `withinMs`. */
export async function waitFor(what: string, withinMs: number, look: () => Promise<string | undefined>): Promise<void> {
	const deadline = performance.now() + withinMs;
	for (;;) {
		const reason = await look();
		if (reason === undefined) return;
		assert.ok(performance.now() < deadline, `not within ${withinMs} ms: ${what}:\n${reason}`);
		await sleep(100);
	}
}

/** @returns What is too much, and what is missing; nothing when they are equal. */
function differ(has: readonly string[], should: readonly string[]): string {
	const left = [...should];
	const extra: string[] = [];
	for (const line of has) {
		const at = left.indexOf(line);
		if (at < 0) extra.push(`too much: ${line}`);
		else left.splice(at, 1);
	}
	return [...extra, ...left.map((line) => `missing:  ${line}`)].join("\n");
}

async function knownOf(cluster: Cluster): Promise<Known> {
	const networks = await cluster.service("host1").networks.list({ filters: {} });
	const containers = await Promise.all(
		cluster.hosts.map((host) => cluster.service(host).containers.list({ all: true })),
	);
	return {
		networks: new Map(networks.map((network) => [network.name, network])),
		containers: new Map(containers.flat().map((container) => [container.name, container])),
		vteps: new Map(cluster.hosts.map((host, n) => [host, underlay.address(n + 1)])),
	};
}
