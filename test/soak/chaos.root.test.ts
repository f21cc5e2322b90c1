import { test } from "node:test";
import { chaos } from "../chaos/run.ts";
import { needs } from "../needs.ts";

/** For as long as the other tests can wait; `make soak` gives half an hour. */
const shortSeconds = 60;
/** Operations of one cluster, before the next one is made from the next seed. */
const operationsEach = 200;
/** Where a short run begins: the same operations each time, while what dies when is up to the machine. */
const shortSeed = 20_240_517;

/** SOAK_MINUTES: how long; SOAK_SEED: from this seed, and from no other. */
const { SOAK_MINUTES: minutes, SOAK_SEED: chosen } = process.env;

test("random operations and random deaths leave every host as the model says", {
	skip: needs("root", "runc", "conmon", "dig", "dnsmasq", "nft"),
	timeout: 24 * 3600 * 1000,
}, async () => {
	const endMs = performance.now() + (minutes === undefined ? shortSeconds * 1000 : Number(minutes) * 60_000);
	let seed = Number(chosen ?? (minutes === undefined ? shortSeed : Math.floor(Math.random() * 2 ** 31)));
	do {
		console.log(`SOAK_SEED=${seed}`);
		const log: string[] = [];
		const seconds = (endMs - performance.now()) / 1000;
		try {
			const { done, deaths } = await chaos({
				lab: "chaos",
				seed,
				operations: operationsEach,
				seconds,
				log: (line) => log.push(line),
			});
			console.log(`${done} operations, ${deaths} agents died, nothing amiss`);
		} catch (error) {
			console.log(log.join("\n"));
			throw error;
		}
		seed = (seed + 1) % 2 ** 31;
	} while (chosen === undefined && performance.now() < endMs);
});
