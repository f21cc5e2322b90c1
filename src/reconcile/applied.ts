import { setTimeout as sleep } from "node:timers/promises";
import { WeftError } from "../model/error.ts";
import { keyOf, nsOf, type ResourceKey } from "../model/kernel-state.ts";
import { plainEqual } from "../plan/equal.ts";
import { type Failures, lasts } from "./failures.ts";
import type { FragmentId, Fragments } from "./fragments.ts";
import type { Observed } from "./observed.ts";

interface Rounds {
	readonly observed: Observed;
	readonly failures: Failures;
	settled(): Promise<void>;
}

/** As `ReconcileLoop.applied()`. */
export async function untilApplied(
	rounds: Rounds,
	fragments: Fragments,
	id: FragmentId,
	timeoutMs: number,
): Promise<void> {
	const deadline = performance.now() + timeoutMs;
	for (;;) {
		await rounds.settled();
		const missing = missingOf(rounds.observed, fragments, id);
		const refusal = rounds.failures.get(missing);
		if (missing === undefined && refusal === undefined) return;
		const leftMs = deadline - performance.now();
		if (leftMs <= 0 || lasts(refusal)) throw refusal ?? tooLate(timeoutMs, missing);
		await sleep(Math.min(leftMs, 20));
	}
}

function missingOf(observed: Observed, fragments: Fragments, id: FragmentId): ResourceKey | undefined {
	for (const resource of fragments.of(id)) {
		const [ns, key] = [nsOf(resource), keyOf(resource)];
		if (!plainEqual(observed.get(ns, key), fragments.get(ns, key))) return key;
	}
	return undefined;
}

function tooLate(timeoutMs: number, missing = ""): WeftError {
	return new WeftError(
		"TIMEOUT",
		`Cannot bring the kernel to what is wanted within ${timeoutMs} ms: ${missing} is missing`,
		{ fix: "weft status shows what stands in the way" },
	);
}
