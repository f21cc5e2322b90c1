import { readdirSync } from "node:fs";
import { constants } from "node:os";
import { Errno } from "./errno.ts";
import { descriptorLimit } from "./libc/process.ts";
import { toWeftError } from "./refusal.ts";

/**
 * To be called before a process takes on more: one that runs out of descriptors in the middle can neither go on nor go back.
 * @param spare How many must be left for what is under way.
 * @throws {WeftError} KERNEL_LIMIT
 */
export function checkDescriptors(task: string, spare: number): void {
	const limit = descriptorLimit();
	if (openDescriptors() + spare > limit) throw toWeftError(task, new Errno("open", constants.errno.EMFILE));
}

/** @returns How many this process has open; without end when not even one is left to count them by. */
function openDescriptors(): number {
	try {
		return readdirSync("/proc/self/fd").length;
	} catch {
		return Number.POSITIVE_INFINITY;
	}
}
