import { setFlagsFromString } from "node:v8";

/**
 * How a process that runs for months is started: V8 and the C library keep for later what they once had, which takes two to three
 * times as much memory as is in use (docs/benchmarks/scale.md).
 */
export const frugalFlags = ["--max-semi-space-size=4"] as const;
export const frugalEnv = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" } as const;

/** Collects garbage when the heap has grown by a third, and not when it has doubled or more. */
export function growSlowly(): void {
	setFlagsFromString("--heap-growing-percent=50");
}
