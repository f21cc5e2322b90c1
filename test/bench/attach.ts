import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAgent } from "../../src/client/client.ts";

/**
 * Runs on a host of the bench: attaches so many namespaces to a network, then, with all of them there, detaches and attaches
 * one of them again and again. Prints the times as JSON, in ms.
 */
const [count = 0, rounds = 0] = process.argv.slice(2).map(Number);
const pauseMs = 100;
const service = connectAgent({ socketPath: "/run/weft/weft.sock" });
const times: Record<string, number[]> = { filling: [], attach: [], detach: [] };

async function timed(verb: string, work: () => Promise<unknown>): Promise<void> {
	const began = performance.now();
	await work();
	times[verb]?.push(performance.now() - began);
}

const attach = (name: string) => service.attach({ netns: name, network: "hundred", name, aliases: [] });

for (let n = 0; n < count; n++) execFileSync("ip", ["netns", "add", `one${n}`]);
for (let n = 0; n < count; n++) await timed("filling", () => attach(`one${n}`));
for (let n = 0; n < rounds; n++) {
	const name = `one${n % count}`;
	await timed("detach", () => service.detach({ name }));
	await sleep(pauseMs);
	await timed("attach", () => attach(name));
}
process.stdout.write(JSON.stringify(times));
process.exit();
