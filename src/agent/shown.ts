import type { Runtime } from "./runtime.ts";

/** How long the kernel may take before a change is given up, and taken back. A VNI of a namespace that just went needs up to 2 s. */
export const applyTimeoutMs = 5_000;

/** Waits until the view shows what was just written: the store's watch brings it. @throws {WeftError} TIMEOUT */
export function shown({ pulse }: Runtime, what: string, condition: () => boolean): Promise<void> {
	return pulse.until(condition, what, applyTimeoutMs);
}
