import { type ChildProcess, execFile, spawnSync } from "node:child_process";
import { globSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createInterface } from "node:readline";
import { holderOf } from "../../src/lab/holder.ts";
import { Lab } from "../../src/lab/lab.ts";
import type { ContainerView, EventView, HostView } from "../../src/model/view.ts";

/** The program that a person types. */
export const weftProgram = new URL("../../bin/weft", import.meta.url).pathname;

/** How a command ended. */
export interface Ended {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A lab with what a test needs to hand. */
export class TestLab {
	readonly lab: Lab;

	constructor(name: string) {
		this.lab = new Lab(name);
	}

	/** Runs a command to its end, whatever that is. */
	run(host: string, ...argv: readonly string[]): Ended {
		const [program = "", ...args] = this.lab.argv(host, argv);
		const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 60_000, cwd: "/" });
		return { code: status, stdout, stderr };
	}

	/** Runs a command to its end, while others go on. */
	runAside(host: string, ...argv: readonly string[]): Promise<Ended> {
		const [program = "", ...args] = this.lab.argv(host, argv);
		return new Promise((resolve) => {
			execFile(program, args, { timeout: 60_000, cwd: "/" }, (error, stdout, stderr) => {
				const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
				resolve({ code, stdout, stderr });
			});
		});
	}

	/** Runs `weft …` on a host. @returns What it printed. @throws When it fails, with what it said. */
	weft(host: string, ...argv: readonly string[]): string {
		return this.lab.exec(host, ["weft", ...argv]).trim();
	}

	/** A container in the background. @param more What is typed behind its name. */
	background(host: string, name: string, ...more: readonly string[]): void {
		this.weft(host, "run", "-d", "--name", name, ...more);
	}

	/** A container that sleeps. */
	sleeper(host: string, name: string, ...networks: readonly string[]): void {
		this.background(host, name, ...networks.flatMap((network) => ["--network", network]), "--", "sleep", "1d");
	}

	/** @returns Whether one ping from a container gets its answer within a second. */
	pings(host: string, container: string, to: string): boolean {
		return this.run(host, "weft", "exec", container, "ping", "-c", "1", "-W", "1", to).code === 0;
	}

	/** Starts a command in a container's network namespace, with the machine's own programs and rights. */
	inNetns(host: string, container: string, argv: readonly string[]): ChildProcess {
		return this.lab.spawn(
			host,
			["nsenter", `--net=${this.netns(host, container)}`, ...argv],
			["ignore", "pipe", "pipe"],
		);
	}

	/** As an attacker who is root in a container would, with all capabilities. */
	attack(host: string, container: string, ...argv: readonly string[]): Ended {
		return this.run(host, "nsenter", `--net=${this.netns(host, container)}`, ...argv);
	}

	/** How a host is, as host1 sees it. */
	stateOf(host: string): HostView["state"] | undefined {
		const lines = this.weft("host1", "hosts", "--format", "json").split("\n");
		return lines.map((line) => JSON.parse(line) as HostView).find(({ name }) => name === host)?.state;
	}

	/** @returns "web 10.0.0.2/24" for each endpoint of a network, sorted. */
	members(network: string): string[] {
		const text = this.weft("host1", "network", "inspect", "--format", "{{json .containers}}", network);
		return Object.values(JSON.parse(text) as Record<string, { name: string; ipv4Address: string }>)
			.map(({ name, ipv4Address }) => `${name} ${ipv4Address}`)
			.sort();
	}

	/** Listens to an agent's events. @returns They come in while the test goes on. */
	async listen(host: string): Promise<{ events: EventView[]; stop: () => void }> {
		const events: EventView[] = [];
		const listener = this.lab.spawn(host, ["weft", "events", "--format", "json"], ["ignore", "pipe", "inherit"]);
		if (listener.stdout === null) throw new Error("Cannot read the events");
		createInterface({ input: listener.stdout }).on("line", (line) => events.push(JSON.parse(line) as EventView));
		await eventually("events are heard", 5_000, () => {
			this.weft(host, "network", "create", "heard");
			this.weft(host, "network", "rm", "heard");
			return events.length > 0;
		});
		return { events, stop: () => listener.kill() };
	}

	/** @returns Which store a host's agent uses, and how it is: "etcd://10.0.0.5 connected". */
	store(host: string): string {
		return this.run(host, "weft", "status", "-f", "{{.store.url}} {{.store.state}}").stdout.trim();
	}

	inspect(host: string, container: string): ContainerView {
		const [view] = JSON.parse(this.weft(host, "inspect", container)) as [ContainerView];
		return view;
	}

	netns(host: string, container: string): string {
		return this.weft(host, "inspect", "--format", "{{.netns}}", container);
	}

	/** The namespace of a network. */
	overlay(network: string): string {
		return this.weft("host1", "network", "inspect", "--format", "{{.netns}}", network);
	}

	/** @returns What containers left on a host: a line for each process, mount, cgroup and file. Empty once all are removed. */
	remains(host: string): string[] {
		const look = [
			"find /var/lib/weft/containers /var/lib/weft/exits /run/weft/c /run/weft/runc -mindepth 1 -maxdepth 1",
			"grep -E ' /var/lib/weft/|netns/weft-[0-9a-f]{12} ' /proc/mounts",
			"ps -eo args= | grep -E '^[^ ]*(conmon|runc) '",
		];
		const ids = new Set(this.run(host, "sh", "-c", "ls /var/lib/weft/containers").stdout.split("\n"));
		return [
			...look.flatMap((line) => this.run(host, "sh", "-c", line).stdout.split("\n")).filter(Boolean),
			...globSync("/sys/fs/cgroup/**/weft-*").filter((path) => ids.has(path.slice(-64))),
		];
	}

	/** @returns As this machine numbers it. */
	agentPid(host: string): number {
		const { stdout } = this.run(host, "weft", "status", "--format", "json");
		return this.machinePid(host, (JSON.parse(stdout) as { pid: number }).pid);
	}

	/** @param pid As the host numbers it. @returns As this machine does. */
	machinePid(host: string, pid: number): number {
		const pidns = holderOf(this.lab.name, host)?.pidns;
		for (const candidate of readdirSync("/proc")) {
			try {
				if (readlinkSync(`/proc/${candidate}/ns/pid`) !== pidns) continue;
				const numbers = /^NSpid:\t(.*)$/m.exec(readFileSync(`/proc/${candidate}/status`, "utf8"))?.[1];
				if (numbers?.split("\t").at(-1) === `${pid}`) return Number(candidate);
			} catch {
				// No process, or it has ended in between.
			}
		}
		throw new Error(`${host} has no process ${pid}`);
	}
}

/** Runs a test on a lab of its own, which is gone afterwards, whatever happened. */
export async function withLab(
	name: string,
	hosts: number,
	work: (lab: TestLab) => Promise<void> | void,
	launchFlags: readonly string[] = [],
): Promise<void> {
	const test = new TestLab(name);
	await test.lab.down();
	try {
		await test.lab.up({ hosts, agents: true, launchFlags, onProgress: () => {} });
		await work(test);
	} finally {
		await test.lab.down();
	}
}

/** Looks again and again until it holds. @returns How long it took, in ms. @throws When it does not within `withinMs`. */
export async function eventually(what: string, withinMs: number, holds: () => boolean): Promise<number> {
	const began = performance.now();
	while (!holds()) {
		if (performance.now() - began > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	return performance.now() - began;
}
