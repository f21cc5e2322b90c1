import { setTimeout as sleep } from "node:timers/promises";
import { connectAgent } from "../../src/client/client.ts";

/**
 * Runs on a host of the bench: times each verb of a network as the API does it, and prints the times as JSON, in ms.
 * Between rounds the kernel gets the time to take away what was deleted, which nobody waits for.
 */
const rounds = Number(process.argv[2]);
const pauseMs = 200;
const service = connectAgent({ socketPath: "/run/weft/weft.sock" });
const times: Record<string, number[]> = { create: [], connect: [], disconnect: [], rm: [] };

async function timed(verb: string, work: () => Promise<unknown>): Promise<void> {
	const began = performance.now();
	await work();
	times[verb]?.push(performance.now() - began);
}

for (let n = 0; n < rounds; n++) {
	const name = `bench${n}`;
	await timed("create", () =>
		service.networks.create({ name, driver: "overlay", auxAddresses: {}, internal: false, labels: {} }),
	);
	await timed("connect", () => service.networks.connect(name, { container: "bbox1", aliases: [] }));
	await timed("disconnect", () => service.networks.disconnect(name, { container: "bbox1", force: false }));
	await timed("rm", () => service.networks.remove(name));
	await sleep(pauseMs);
}
process.stdout.write(JSON.stringify(times));
process.exit();
