import { setFlagsFromString } from "node:v8";

/**
 * How a process that runs for months is started: V8 and the C library keep for later what they once had, which takes two to three
 * times as much memory as is in use (docs/benchmarks/scale.md).
 * @param flags Of the process that starts it. @param youngMegabytes Room for what was made just now: the more, the less often it is looked through.
 */
export function frugalFlags(flags: readonly string[], youngMegabytes: number): string[] {
	const others = flags.filter((flag) => !flag.startsWith("--max-semi-space-size="));
	return [...others, `--max-semi-space-size=${youngMegabytes}`];
}

export const frugalEnv = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" } as const;

/** Collects garbage when the heap has grown by a third, and not when it has doubled or more. */
export function growSlowly(): void {
	setFlagsFromString("--heap-growing-percent=50");
}
