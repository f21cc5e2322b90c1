import { WeftError } from "../model/error.ts";

const attempts = 64;

/**
 * Runs `change` until its transaction holds: each run reads anew, so what another host wrote in between is seen.
 * @param change Returns undefined when an expectation of its transaction did not hold. It is told how often that was so.
 * @throws {WeftError} STORE_CONFLICT after 64 runs, and whatever `change` throws.
 */
export async function attempt<T>(what: string, change: (run: number) => Promise<T | undefined>): Promise<T> {
	for (let run = 0; run < attempts; run++) {
		const result = await change(run);
		if (result !== undefined) return result;
	}
	throw new WeftError(
		"STORE_CONFLICT",
		`Cannot ${what}: other hosts changed the same records ${attempts} times in between`,
		{
			fix: "try again",
		},
	);
}
