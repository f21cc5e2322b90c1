import { connectAgent } from "../../src/client/client.ts";

/** Runs on a host of the bench: times each verb as the API does it, and prints the times as JSON, in ms. */
const rounds = Number(process.argv[2]);
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
}
process.stdout.write(JSON.stringify(times));
process.exit();
