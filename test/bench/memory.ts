import { readFileSync } from "node:fs";

/** @returns What a process holds in memory, its program included. */
export function residentMegabytes(pid = 0): number {
	return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
