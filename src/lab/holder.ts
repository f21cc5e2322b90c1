import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { netnsFolder } from "../kernel/netns.ts";
import { causeText, WeftError } from "../model/error.ts";
import { labNetns, labPaths, underlay } from "./names.ts";

/**
 * What a host does at its start: mounts a /run of its own, its disk and its resolver (its cgroups are the machine's), and then
 * stays, as the first process of its pid namespace, which buries what others leave. It only stays when told that it was
 * noted down: one whose maker was killed before goes by itself.
 */
const boot = `
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /var/lib/weft
mount --bind "$1" /var/lib/weft
mount --bind "$2" /etc/resolv.conf
hostname "$3"
echo ready
read -r stay
exec sh -c "sleep infinity & wait" </dev/null >/dev/null 2>&1
`;

const bootTimeoutMs = 5_000;

/** The process that holds a host up. With it, everything on the host ends. */
export interface Holder {
	readonly pid: number;
	/** The host's pid namespace, as /proc shows it: a pid alone may be another's by now. */
	readonly pidns: string;
}

/** Starts a host, and notes down who holds it. @throws {WeftError} LAB_FAILED */
export async function bootHost(lab: string, host: string): Promise<void> {
	const paths = labPaths(lab);
	mkdirSync(paths.hostState(host), { recursive: true });
	writeFileSync(paths.resolvConf(host), `nameserver ${underlay.world}\n`);
	const net = `--net=${netnsFolder}/${labNetns(lab).host(host)}`;
	const apart = ["--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"];
	const child = spawn(
		"nsenter",
		[net, "unshare", ...apart, "sh", "-c", boot, "boot", paths.hostState(host), paths.resolvConf(host), host],
		{ detached: true, stdio: ["pipe", "pipe", "pipe"], cwd: "/" },
	);
	await ready(child, host);
	const pid = child.pid ?? 0;
	writeWhole(paths.holder(host), `${pid} ${readlinkSync(`/proc/${pid}/ns/pid_for_children`)}\n`);
	child.stdin.end("stay\n");
	child.stdout.destroy();
	child.stderr.destroy();
	child.unref();
}

/** @returns Who holds the host up; undefined when it is down. */
export function holderOf(lab: string, host: string): Holder | undefined {
	try {
		const [pid, pidns = ""] = readFileSync(labPaths(lab).holder(host), "utf8").trim().split(" ");
		return readlinkSync(`/proc/${pid}/ns/pid_for_children`) === pidns ? { pid: Number(pid), pidns } : undefined;
	} catch {
		return undefined;
	}
}

/** The program `weft` as the hosts of a lab find it. */
const weftFolder = join(dirname(new URL(import.meta.url).pathname), "../../bin");

/** @returns The command that runs `argv` on a host. It is asked to end (SIGTERM) when the command's process ends before. */
export function commandIn({ pid }: Holder, argv: readonly string[]): string[] {
	const path = `${weftFolder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
	return [
		...["nsenter", "-t", `${pid}`, "-m", "-u", "-n", `--pid=/proc/${pid}/ns/pid_for_children`, "--"],
		...["setpriv", "--pdeathsig", "TERM"],
		...["env", `PATH=${path}`, "WEFT_SOCKET=/run/weft/weft.sock"],
		...argv,
	];
}

async function ready(child: ChildProcess, host: string): Promise<void> {
	let [said, complaint] = ["", ""];
	child.stdout?.on("data", (chunk) => {
		said += String(chunk);
	});
	child.stderr?.on("data", (chunk) => {
		complaint += String(chunk);
	});
	child.once("error", (error) => {
		complaint += causeText(error);
	});
	const deadline = performance.now() + bootTimeoutMs;
	while (!said.includes("ready")) {
		if (child.pid === undefined || child.exitCode !== null || performance.now() > deadline) {
			child.kill("SIGKILL");
			throw new WeftError("LAB_FAILED", `Cannot boot ${host}`, {
				fix: "weft lab down, and try again",
				cause: complaint.trim() || `it was not ready within ${bootTimeoutMs} ms`,
			});
		}
		await sleep(10);
	}
}

/** Whole or not at all: whoever reads it reads the one or the other. */
function writeWhole(path: string, text: string): void {
	writeFileSync(`${path}.new`, text);
	renameSync(`${path}.new`, path);
}
