/** For as long as the other tests can wait; `make soak` gives half an hour. */
const shortSeconds = 60;
/** Where a short run begins: the same each time, while what happens when is up to the machine. */
const shortSeed = 20_240_517;

export interface SeededRun {
	readonly seed: number;
	/** How long it may take. */
	readonly seconds: number;
	readonly log: (line: string) => void;
}

/**
 * Runs with one seed after the other until the time is over, and prints each. What a run logs is printed when it fails.
 *
 * - SOAK_MINUTES: how long.
 * - SOAK_SEED: with this one, and no other.
 *
 * @param run Returns what it did.
 */
export async function eachSeed(run: (options: SeededRun) => Promise<string>): Promise<void> {
	const { SOAK_MINUTES: minutes, SOAK_SEED: chosen } = process.env;
	const endMs = performance.now() + (minutes === undefined ? shortSeconds * 1000 : Number(minutes) * 60_000);
	let seed = Number(chosen ?? (minutes === undefined ? shortSeed : Math.floor(Math.random() * 2 ** 31)));
	do {
		console.log(`SOAK_SEED=${seed}`);
		const log: string[] = [];
		try {
			const seconds = (endMs - performance.now()) / 1000;
			console.log(await run({ seed, seconds, log: (line) => log.push(line) }));
		} catch (error) {
			console.log(log.join("\n"));
			throw error;
		}
		seed = (seed + 1) % 2 ** 31;
	} while (chosen === undefined && performance.now() < endMs);
}
