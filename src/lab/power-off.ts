import { readdirSync, readFileSync, readlinkSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { netnsFolder } from "../kernel/netns.ts";
import { WeftError } from "../model/error.ts";
import { holderOf } from "./holder.ts";
import { labPaths } from "./names.ts";
import { wiredHosts } from "./wiring.ts";

const deathTimeoutMs = 10_000;
const cgroupRoot = "/sys/fs/cgroup";

/**
 * Ends hosts as a power cut does: all processes at once, however they were started. Safe on hosts that are down.
 * @throws {WeftError} LAB_FAILED for a process that the kernel does not let go.
 */
export async function powerOff(lab: string, hosts: readonly string[]): Promise<void> {
	const namespaces = new Set<string>();
	for (const host of hosts) {
		const pidns = holderOf(lab, host)?.pidns;
		if (pidns !== undefined) namespaces.add(pidns);
	}
	// A host whose maker was killed is noted down nowhere, but it is in its network namespace.
	for (const { host, netns } of wiredHosts(lab))
		if (hosts.includes(host)) namespaces.add(`net:[${statSync(join(netnsFolder, netns)).ino}]`);
	await killThoseIn(namespaces);
	for (const host of hosts) removeCgroups(lab, host);
}

/** Kills every process of the given namespaces, and waits until they are gone: with the first process of a pid namespace all others go. */
async function killThoseIn(namespaces: ReadonlySet<string>): Promise<void> {
	const deadline = performance.now() + deathTimeoutMs;
	for (;;) {
		const left = readdirSync("/proc").filter(
			(pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && isIn(pid, namespaces),
		);
		if (left.length === 0) return;
		if (performance.now() > deadline) {
			throw new WeftError("LAB_FAILED", `Cannot end process ${left[0]} of the lab: the kernel holds it`, {
				fix: `see what it waits for: cat /proc/${left[0]}/stack`,
			});
		}
		for (const pid of left) {
			try {
				process.kill(Number(pid), "SIGKILL");
			} catch {
				// Gone already.
			}
		}
		await sleep(10);
	}
}

/** One that is dead and not yet buried by its parent holds nothing any more. */
function isIn(pid: string, namespaces: ReadonlySet<string>): boolean {
	try {
		const within = (["pid", "net"] as const).some((kind) => namespaces.has(readlinkSync(`/proc/${pid}/ns/${kind}`)));
		return within && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
	} catch {
		// Gone.
		return false;
	}
}

/** The cgroups of a host's containers are the machine's own: they are empty now, and stay until somebody removes them. */
function removeCgroups(lab: string, host: string): void {
	const controllers = ["", ...folders(cgroupRoot)];
	for (const id of folders(join(labPaths(lab).hostState(host), "containers")))
		for (const controller of controllers) {
			try {
				rmdirSync(join(cgroupRoot, controller, `weft-${id}`));
			} catch {
				// Not of this controller, or gone already.
			}
		}
}

function folders(path: string): string[] {
	try {
		return readdirSync(path);
	} catch {
		return [];
	}
}
