import { setFlagsFromString } from "node:v8";

/** Room for what was made just now: the more, the less often it is looked through. What names make for an answer is gone with it. */
export const youngMegabytes = { agent: 4, names: 1 } as const;

/**
 * How a process that runs for months is started: V8 and the C library keep for later what they once had, which takes two to three
 * times as much memory as is in use (docs/benchmarks/scale.md).
 * @param flags Of the process that starts it.
 */
export function frugalFlags(flags: readonly string[], who: keyof typeof youngMegabytes): string[] {
	const others = flags.filter((flag) => !flag.startsWith("--max-semi-space-size="));
	return [...others, `--max-semi-space-size=${youngMegabytes[who]}`];
}

export const frugalEnv = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" } as const;

/** Collects garbage when the heap has grown by a half, and not when it has doubled or more. */
export function growSlowly(): void {
	setFlagsFromString("--heap-growing-percent=50");
}
