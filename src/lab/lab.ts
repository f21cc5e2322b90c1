import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { netnsFolder } from "../kernel/netns.ts";
import { causeText, WeftError } from "../model/error.ts";
import { bootHost, killThoseIn, namespaceOf } from "./holder.ts";
import { hostNumber, labNetns, labPaths, mostHosts, underlay } from "./names.ts";
import { attempt } from "./run.ts";
import { cut, heal, unwire, unwireHost, wiredNetns, wireHost, wireUnderlay } from "./wiring.ts";

/** The hosts that are up, with the pids of the processes that hold them. */
interface LabState {
	readonly hosts: Readonly<Record<string, { readonly pid?: number }>>;
}

export interface UpOptions {
	readonly hosts: number;
	/** Without, the hosts stand bare. */
	readonly agents: boolean;
	readonly onProgress: (line: { host: string; address: string; what: string; tookMs: number }) => void;
}

/** The program `weft` as the hosts of a lab find it. */
const weftFolder = join(dirname(new URL(import.meta.url).pathname), "../../bin");

/** Hosts in namespaces of this machine, each with an agent of its own: for tests, for the demo, and to try things out. */
export class Lab {
	readonly name: string;

	/** @param name Of lower-case letters and digits, 8 at most. */
	constructor(name = "lab") {
		if (!/^[a-z][a-z0-9]{0,7}$/.test(name))
			throw new WeftError(
				"NAME_INVALID",
				`Cannot call a lab "${name}": 1 to 8 lower-case letters and digits are wanted`,
				{ fix: "weft lab up --lab test1" },
			);
		this.name = name;
	}

	/** @throws {WeftError} LAB_FAILED; what was made until then is taken away. */
	async up({ hosts, agents, onProgress }: UpOptions): Promise<void> {
		if (hosts < 1 || hosts > mostHosts)
			throw new WeftError("ARGUMENT_INVALID", `Cannot make a lab of ${hosts} hosts: 1 to ${mostHosts} are possible`, {
				fix: "weft lab up --hosts 3",
			});
		if (existsSync(labPaths(this.name).dir) || wiredNetns(this.name).length > 0)
			throw new WeftError("LAB_FAILED", `Cannot make the lab "${this.name}": it is there already`, {
				fix: "weft lab down",
			});
		try {
			mkdirSync(labPaths(this.name).dir, { recursive: true });
			wireUnderlay(this.name);
			let token: string | undefined;
			for (let n = 1; n <= hosts; n++) {
				const host = `host${n}`;
				const began = performance.now();
				await this.#boot(host);
				if (agents) {
					await this.#launch(host, token);
					if (n < hosts) token = this.exec("host1", ["weft", "token"]).trim();
				}
				onProgress({
					host,
					address: underlay.address(n),
					what: agents ? "agent up" : "up",
					tookMs: performance.now() - began,
				});
			}
		} catch (error) {
			await this.down();
			throw error;
		}
	}

	/** Takes everything away, whatever state it is in. */
	async down(): Promise<void> {
		const namespaces = new Set<string>();
		for (const { pid } of Object.values(this.#state().hosts)) {
			const mnt = pid === undefined ? undefined : this.#heldBy(pid);
			if (mnt !== undefined) namespaces.add(mnt);
		}
		for (const name of wiredNetns(this.name)) namespaces.add(`net:[${statSync(join(netnsFolder, name)).ino}]`);
		await killThoseIn(namespaces);
		unwire(this.name);
		rmSync(labPaths(this.name).dir, { recursive: true, force: true });
		removeCgroups();
	}

	/** Drops what passes between two hosts on the underlay. */
	partition(a: string, b: string, { oneWay = false } = {}): void {
		for (const host of [a, b]) this.#require(host);
		cut(this.name, a, b, oneWay);
	}

	heal(): void {
		heal(this.name);
	}

	/** Power off: every process dies at once, the kernel's state goes, the disk stays. */
	async kill(host: string): Promise<void> {
		const pid = this.#require(host);
		const mnt = this.#heldBy(pid);
		const net = `net:[${statSync(join(netnsFolder, labNetns(this.name).host(host))).ino}]`;
		await killThoseIn(new Set(mnt === undefined ? [net] : [mnt, net]));
		unwireHost(this.name, host);
		this.#save({ hosts: { ...this.#state().hosts, [host]: {} } });
	}

	/** Boots a host again, and its agent. */
	async start(host: string): Promise<void> {
		hostNumber(host);
		const known = this.#state().hosts[host];
		if (known === undefined) throw this.#unknown(host);
		if (known.pid !== undefined)
			throw new WeftError("LAB_FAILED", `Cannot start ${host}: it is up`, { fix: `weft lab kill ${host}` });
		await this.#boot(host);
		await this.#launch(host, undefined);
	}

	hosts(): { name: string; address: string; up: boolean }[] {
		return Object.entries(this.#state().hosts)
			.map(([name, { pid }]) => ({
				name,
				address: underlay.address(hostNumber(name)),
				up: pid !== undefined && this.#heldBy(pid) !== undefined,
			}))
			.sort((a, b) => a.name.localeCompare(b.name));
	}

	/** @returns The command that runs `argv` on a host. */
	argv(host: string, argv: readonly string[]): string[] {
		const pid = this.#require(host);
		const path = `${weftFolder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
		return [
			"nsenter",
			"-t",
			`${pid}`,
			"-m",
			"-u",
			"-n",
			"--",
			"env",
			`PATH=${path}`,
			"WEFT_SOCKET=/run/weft/weft.sock",
			...argv,
		];
	}

	/** Runs a command on a host, to its end. @returns What it wrote. @throws {WeftError} LAB_FAILED with what it complained of. */
	exec(host: string, argv: readonly string[]): string {
		const [program = "", ...args] = this.argv(host, argv);
		try {
			return execFileSync(program, args, {
				encoding: "utf8",
				stdio: ["ignore", "pipe", "pipe"],
				timeout: 60_000,
				cwd: "/",
			});
		} catch (cause) {
			const { stderr, stdout } = cause as { stderr?: string; stdout?: string };
			throw new WeftError("LAB_FAILED", `Cannot run "${argv.join(" ")}" on ${host}`, {
				cause: `${stderr ?? ""}${stdout ?? ""}`.trim() || causeText(cause),
			});
		}
	}

	spawn(host: string, argv: readonly string[], stdio: StdioOptions = "inherit"): ChildProcess {
		const [program = "", ...args] = this.argv(host, argv);
		return spawn(program, args, { stdio, cwd: "/" });
	}

	async #boot(host: string): Promise<void> {
		wireHost(this.name, host);
		const pid = await bootHost(this.name, host);
		this.#save({ hosts: { ...this.#state().hosts, [host]: { pid } } });
	}

	async #launch(host: string, token: string | undefined): Promise<void> {
		const address = underlay.address(hostNumber(host));
		const join = token === undefined ? [] : ["--join", token];
		this.exec(host, ["weft", "launch", "--name", host, "--advertise-addr", address, ...join]);
	}

	#state(): LabState {
		try {
			return JSON.parse(readFileSync(labPaths(this.name).state, "utf8")) as LabState;
		} catch {
			return { hosts: {} };
		}
	}

	#save(state: LabState): void {
		writeFileSync(labPaths(this.name).state, JSON.stringify(state));
	}

	/** @returns The pid of the host's holder. @throws {WeftError} HOST_NOT_FOUND, LAB_FAILED when it is down. */
	#require(host: string): number {
		const known = this.#state().hosts[host];
		if (known === undefined) throw this.#unknown(host);
		if (known.pid === undefined || this.#heldBy(known.pid) === undefined)
			throw new WeftError("LAB_FAILED", `Cannot use ${host}: it is down`, { fix: `weft lab start ${host}` });
		return known.pid;
	}

	/** @returns The mount namespace that the holder holds; undefined when it is gone, or its pid is another's now. */
	#heldBy(pid: number): string | undefined {
		const held = namespaceOf(pid, "mnt");
		return held === namespaceOf(process.pid, "mnt") ? undefined : held;
	}

	#unknown(host: string): WeftError {
		const names = this.hosts().map(({ name }) => name);
		const there = names.length === 0 ? "there is no lab" : `the lab has ${names.join(", ")}`;
		return new WeftError("HOST_NOT_FOUND", `Cannot find ${host}: ${there}`, {
			fix: names.length === 0 ? "weft lab up" : "weft lab ls",
		});
	}
}

/** The containers' cgroups are the machine's own: what power-off left of them is empty now. */
function removeCgroups(): void {
	const root = "/sys/fs/cgroup";
	if (!existsSync(root)) return;
	for (const controller of ["", ...readdirSync(root)]) {
		const dir = join(root, controller);
		if (!statSync(dir).isDirectory()) continue;
		for (const name of readdirSync(dir)) if (/^weft-[0-9a-f]{64}$/.test(name)) attempt("rmdir", [join(dir, name)]);
	}
}
