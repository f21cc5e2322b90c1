import fc from "fast-check";

/** Minutes for each search when `make soak` gives none: as long as the other tests can wait. */
const shortMinutes = 1 / 3;

/** Runs of one seed, before the next one is printed. */
const runsPerSeed = 100;

/**
 * Searches for a counterexample until the time is over, and prints each seed that it searches from.
 *
 * - SOAK_MINUTES: how long; the search ends within the seed that the time ends in.
 * - SOAK_SEED: searches from this one, and from no other.
 *
 * @param short Minutes for a search that needs fewer than the others, when nothing is said.
 * @throws {Error} The smallest counterexample that was found, with its seed.
 */
export async function soak<T>(property: fc.IAsyncProperty<T>, short = shortMinutes): Promise<void> {
	const { SOAK_MINUTES: minutes, SOAK_SEED: seed } = process.env;
	if (seed !== undefined && seed !== "") {
		await searchFrom(Number(seed), property, Number.POSITIVE_INFINITY);
		return;
	}
	const endMs = Date.now() + 60_000 * Number(minutes ?? short);
	for (let leftMs = endMs - Date.now(); leftMs > 0; leftMs = endMs - Date.now())
		await searchFrom(Math.floor(Math.random() * 2 ** 31), property, leftMs);
}

async function searchFrom<T>(seed: number, property: fc.IAsyncProperty<T>, leftMs: number): Promise<void> {
	console.log(`SOAK_SEED=${seed}`);
	const timeLimit = Number.isFinite(leftMs) ? { interruptAfterTimeLimit: leftMs } : {};
	await fc.assert(property, { seed, numRuns: runsPerSeed, includeErrorInReport: true, ...timeLimit });
}
