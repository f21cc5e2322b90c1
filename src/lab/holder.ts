import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { netnsFolder } from "../kernel/netns.ts";
import { WeftError } from "../model/error.ts";
import { labNetns, labPaths, underlay } from "./names.ts";

/** What a host mounts at its start: a /run of its own, its disk, its resolver. Its cgroups are the machine's. */
const boot = `
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /var/lib/weft
mount --bind "$1" /var/lib/weft
mount --bind "$2" /etc/resolv.conf
hostname "$3"
echo ready
exec sleep infinity
`;

const bootTimeoutMs = 5_000;

/** Starts the process that holds a host's mounts and name. @returns Its pid. @throws {WeftError} LAB_FAILED */
export async function bootHost(lab: string, host: string): Promise<number> {
	const paths = labPaths(lab);
	mkdirSync(paths.hostState(host), { recursive: true });
	writeFileSync(paths.resolvConf(host), `nameserver ${underlay.world}\n`);
	const enter = [
		`--net=${netnsFolder}/${labNetns(lab).host(host)}`,
		"unshare",
		"--mount",
		"--uts",
		"--propagation",
		"private",
	];
	const child = spawn(
		"nsenter",
		[...enter, "sh", "-c", boot, "boot", paths.hostState(host), paths.resolvConf(host), host],
		{
			detached: true,
			stdio: ["ignore", "pipe", "pipe"],
			cwd: "/",
		},
	);
	const { pid } = child;
	let said = "";
	let complaint = "";
	child.stdout.on("data", (chunk) => {
		said += String(chunk);
	});
	child.stderr.on("data", (chunk) => {
		complaint += String(chunk);
	});
	const deadline = performance.now() + bootTimeoutMs;
	while (!said.includes("ready")) {
		if (child.exitCode !== null || performance.now() > deadline || pid === undefined) {
			child.kill("SIGKILL");
			throw new WeftError("LAB_FAILED", `Cannot boot ${host}`, {
				fix: "weft lab down, and try again",
				cause: complaint.trim(),
			});
		}
		await sleep(10);
	}
	child.stdout.destroy();
	child.stderr.destroy();
	child.unref();
	return pid as number;
}

/** Kills every process whose mounts or network are those of one of the given namespaces: by pid, whatever it is. */
export async function killThoseIn(namespaces: ReadonlySet<string>): Promise<void> {
	for (let round = 0; round < 20; round++) {
		const pids = readdirSync("/proc").filter(
			(pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && isIn(pid, namespaces),
		);
		if (pids.length === 0) return;
		for (const pid of pids) {
			try {
				process.kill(Number(pid), "SIGKILL");
			} catch {
				// Gone already.
			}
		}
		await sleep(50);
	}
}

function isIn(pid: string, namespaces: ReadonlySet<string>): boolean {
	return (["mnt", "net"] as const).some((kind) => namespaces.has(namespaceOf(pid, kind) ?? ""));
}

/** @returns "mnt:[4026531840]"; undefined when the process is gone. */
export function namespaceOf(pid: string | number, kind: "mnt" | "net"): string | undefined {
	try {
		return readlinkSync(`/proc/${pid}/ns/${kind}`);
	} catch {
		return undefined;
	}
}
