import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAgent } from "../../src/client/client.ts";
import { underlay } from "../../src/lab/names.ts";
import type { Service } from "../../src/model/service.ts";
import { TestLab } from "../e2e/with-lab.ts";
import { worldResolver } from "../e2e/world-resolver.ts";
import type { Armed } from "./arm.ts";

/** Of a log, for whoever looks for the cause of a failure. */
const toldLines = 200;

const armScript = new URL("arm.ts", import.meta.url).pathname;

/** Hosts of a lab whose agents can be told where to die. */
export class Cluster {
	readonly hosts: readonly string[];
	readonly test: TestLab;
	#resolver: ChildProcess | undefined;

	constructor(name: string, count: number) {
		this.test = new TestLab(name);
		this.hosts = Array.from({ length: count }, (_, n) => `host${n + 1}`);
	}

	/** @param flags Of each `weft launch`. */
	async up(flags: readonly string[] = []): Promise<void> {
		const { lab } = this.test;
		await lab.down();
		await lab.up({ hosts: this.hosts.length, agents: false, onProgress: () => {} });
		for (const [n, host] of this.hosts.entries()) {
			const join = n === 0 ? [] : ["--join", this.test.weft("host1", "token")];
			this.launch(host, "--name", host, "--advertise-addr", underlay.address(n + 1), ...flags, ...join);
		}
		this.#resolver = worldResolver(lab.name);
	}

	async down(): Promise<void> {
		this.#resolver?.kill("SIGKILL");
		await this.test.lab.down();
	}

	launch(host: string, ...flags: readonly string[]): void {
		this.test.lab.exec(host, ["env", `NODE_OPTIONS=--import=${armScript}`, "weft", "launch", ...flags]);
	}

	/** Starts the agents that were killed. @returns Their hosts. */
	async revive(): Promise<string[]> {
		const dead: string[] = [];
		for (const host of this.hosts) {
			if ((await this.agentPid(host)) !== undefined) continue;
			dead.push(host);
			this.launch(host);
		}
		return dead;
	}

	/** @param pid As the host numbers it. It may have ended by itself. */
	killProcess(host: string, pid: number): void {
		this.test.run(host, "kill", "-KILL", `${pid}`);
	}

	/** A host's own root folder, from outside. */
	root(host: string): string {
		return `/proc/${this.test.lab.argv(host, [])[2]}/root`;
	}

	service(host: string): Service {
		return connectAgent({ socketPath: `${this.root(host)}/run/weft/weft.sock` });
	}

	/** @returns undefined when it is dead. */
	async agentPid(host: string): Promise<number | undefined> {
		try {
			return (await this.service(host).status()).pid;
		} catch {
			return undefined;
		}
	}

	arm(host: string, { point, nth }: Armed): void {
		const folder = `${this.root(host)}/run/weft`;
		if (!existsSync(folder)) mkdirSync(folder);
		writeFileSync(`${folder}/die-at`, `${point} ${nth}`);
	}

	disarm(host: string): void {
		rmSync(`${this.root(host)}/run/weft/die-at`, { force: true });
	}

	/** @returns The end of what an agent and those before it on that host have told. */
	agentLog(host: string): string {
		const lines = readFileSync(`${this.root(host)}/var/lib/weft/agent.log`, "utf8")
			.trimEnd()
			.split("\n");
		return lines.slice(-toldLines).join("\n");
	}

	/** Waits until each agent says that its kernel is as it is wanted, and that names answer. */
	async quiet(): Promise<void> {
		const deadline = performance.now() + 20_000;
		for (const host of this.hosts) {
			for (;;) {
				const status = await this.service(host)
					.status()
					.catch(() => undefined);
				const { kernel, store, names } = status ?? {};
				if (kernel?.state === "in-sync" && store?.state === "connected" && names?.state === "serving") break;
				if (performance.now() > deadline) throw new Error(`${host} is not quiet: ${JSON.stringify(status)}`);
				await sleep(50);
			}
		}
	}
}
