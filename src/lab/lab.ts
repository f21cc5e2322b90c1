import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { causeText, WeftError } from "../model/error.ts";
import { bootHost, commandIn, type Holder, holderOf } from "./holder.ts";
import { goOn } from "./interrupted.ts";
import { checkLabName, hostNumber, labPaths, labsFolder, mostHosts, underlay } from "./names.ts";
import { powerOff } from "./power-off.ts";
import { apart } from "./run.ts";
import { cut, heal, unwire, unwireHost, wiredHosts, wiredNetns, wireHost, wireUnderlay } from "./wiring.ts";

export interface UpOptions {
	readonly hosts: number;
	/** Without, the hosts stand bare. */
	readonly agents: boolean;
	/** What is typed behind each agent's `weft launch`. */
	readonly launchFlags?: readonly string[];
	readonly onProgress: (line: { host: string; address: string; what: string; tookMs: number }) => void;
	/** Ends it as a failure does. */
	readonly signal?: AbortSignal;
}

/**
 * Hosts in namespaces of this machine, each with an agent of its own: for tests, for the demo, and to try things out.
 * Which hosts there are stands on the disk and in the kernel, so that a lab can be used and taken away by any process.
 */
export class Lab {
	readonly name: string;
	/** What a person types behind `weft lab …` to mean this one. */
	readonly #flag: string;

	/** @param name Of lower-case letters and digits, 8 at most. @throws {WeftError} NAME_INVALID, NOT_PERMITTED */
	constructor(name = "lab") {
		checkLabName(name);
		if (process.getuid?.() !== 0)
			throw new WeftError("NOT_PERMITTED", "Cannot use a lab: it is made of namespaces, and you are not root", {
				fix: "sudo weft lab …",
			});
		this.name = name;
		this.#flag = name === "lab" ? "" : ` --lab ${name}`;
	}

	/** @throws {WeftError} LAB_FAILED, and the signal's reason; what was made until then is taken away. */
	async up(options: UpOptions): Promise<void> {
		const { hosts } = options;
		if (hosts < 1 || hosts > mostHosts)
			throw new WeftError("ARGUMENT_INVALID", `Cannot make a lab of ${hosts} hosts: 1 to ${mostHosts} are possible`, {
				fix: "weft lab up --hosts 3",
			});
		// Making the folder is what tells two that come at once apart.
		if (wiredNetns(this.name).length > 0 || mkdirSync(labPaths(this.name).dir, { recursive: true }) === undefined)
			throw new WeftError("LAB_FAILED", `Cannot make the lab "${this.name}": it is there already`, {
				fix: `weft lab down${this.#flag}`,
			});
		try {
			await this.#make(options);
		} catch (error) {
			await this.down();
			throw error;
		}
	}

	async #make({ hosts, agents, launchFlags = [], onProgress, signal }: UpOptions): Promise<void> {
		wireUnderlay(this.name);
		let token: string | undefined;
		for (let n = 1; n <= hosts; n++) {
			const host = `host${n}`;
			const began = performance.now();
			await this.#boot(host);
			if (agents) {
				this.#launch(host, [...launchFlags, ...(token === undefined ? [] : ["--join", token])]);
				if (n < hosts) token = this.exec("host1", ["weft", "token"]).trim();
			}
			await goOn(signal);
			onProgress({
				host,
				address: underlay.address(n),
				what: agents ? "agent up" : "up",
				tookMs: performance.now() - began,
			});
		}
	}

	/** Takes everything away, whatever state it is in. @throws {WeftError} LAB_FAILED */
	async down(): Promise<void> {
		const wired = wiredHosts(this.name).map(({ host }) => host);
		await powerOff(this.name, [...new Set([...this.#made(), ...wired])]);
		unwire(this.name);
		rmSync(labPaths(this.name).dir, { recursive: true, force: true });
		try {
			rmdirSync(labsFolder);
		} catch {
			// Another lab is there.
		}
	}

	/** Drops what passes between two hosts on the underlay. */
	partition(a: string, b: string, { oneWay = false } = {}): void {
		for (const host of [a, b]) this.#require(host);
		if (a === b)
			throw new WeftError("ARGUMENT_INVALID", `Cannot cut ${a} off from itself: two hosts are wanted`, {
				fix: `weft lab partition${this.#flag} host1 host2`,
			});
		cut(this.name, a, b, oneWay);
	}

	/** Lets all hosts reach each other again. @throws {WeftError} LAB_FAILED when there is no lab. */
	heal(): void {
		if (wiredNetns(this.name).length === 0)
			throw new WeftError("LAB_FAILED", `Cannot heal the lab "${this.name}": it is not there`, {
				fix: `weft lab up${this.#flag}`,
			});
		heal(this.name);
	}

	/** Power off: every process dies at once, the kernel's state goes, the disk stays. */
	async kill(host: string): Promise<void> {
		this.#require(host);
		await this.#off(host);
	}

	/** Boots a host again, and its agent if it ever had one. */
	async start(host: string): Promise<void> {
		this.#known(host);
		if (holderOf(this.name, host) !== undefined)
			throw new WeftError("LAB_FAILED", `Cannot start ${host}: it is up`, {
				fix: `weft lab kill${this.#flag} ${host}`,
			});
		// What is left of a start that was killed.
		await this.#off(host);
		await this.#boot(host);
		if (existsSync(join(labPaths(this.name).hostState(host), "local.db"))) this.#launch(host, []);
	}

	hosts(): { name: string; address: string; up: boolean }[] {
		return this.#made().map((name) => ({
			name,
			address: underlay.address(hostNumber(name)),
			up: holderOf(this.name, name) !== undefined,
		}));
	}

	/** @returns The command that runs `argv` on a host. It is asked to end (SIGTERM) when the command's process ends before. */
	argv(host: string, argv: readonly string[]): string[] {
		return commandIn(this.#require(host), argv);
	}

	/** Runs a command on a host, to its end. @returns What it wrote. @throws {WeftError} LAB_FAILED with what it complained of. */
	exec(host: string, argv: readonly string[]): string {
		const [program = "", ...args] = this.argv(host, argv);
		try {
			return execFileSync(apart, [program, ...args], {
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
		await bootHost(this.name, host);
	}

	async #off(host: string): Promise<void> {
		await powerOff(this.name, [host]);
		unwireHost(this.name, host);
	}

	#launch(host: string, flags: readonly string[]): void {
		const address = underlay.address(hostNumber(host));
		this.exec(host, ["weft", "launch", "--name", host, "--advertise-addr", address, ...flags]);
	}

	/** @returns The hosts that were made, up or down. */
	#made(): string[] {
		const { dir } = labPaths(this.name);
		return existsSync(dir) ? readdirSync(dir).sort() : [];
	}

	/** @throws {WeftError} HOST_NOT_FOUND */
	#known(host: string): void {
		const names = this.#made();
		if (names.includes(host)) return;
		const there = names.length === 0 ? `there is no lab "${this.name}"` : `the lab has ${names.join(", ")}`;
		throw new WeftError("HOST_NOT_FOUND", `Cannot find ${host}: ${there}`, {
			fix: `weft lab ${names.length === 0 ? "up" : "ls"}${this.#flag}`,
		});
	}

	/** @throws {WeftError} HOST_NOT_FOUND, LAB_FAILED when it is down. */
	#require(host: string): Holder {
		this.#known(host);
		const holder = holderOf(this.name, host);
		if (holder !== undefined) return holder;
		throw new WeftError("LAB_FAILED", `Cannot use ${host}: it is down`, {
			fix: `weft lab start${this.#flag} ${host}`,
		});
	}
}
