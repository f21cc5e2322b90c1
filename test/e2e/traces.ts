import { execFileSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { labPaths } from "../../src/lab/names.ts";

/**
 * What labs leave on this machine. Other labs may come and go meanwhile: what has a name is looked for by the lab's own, and
 * only what a lab must never touch is compared as a whole.
 */
export class Traces {
	readonly #lab: string;
	readonly #before: ReadonlySet<string>;
	readonly #containers = new Set<string>();

	/** To be made before the lab is. */
	constructor(lab: string) {
		this.#lab = lab;
		this.#before = new Set(this.#all());
	}

	/** Remembers the containers that there are now: their cgroups have no other name than theirs. */
	noteContainers(): void {
		for (const path of globSync(`${labPaths(this.#lab).dir}/*/state/containers/*`))
			this.#containers.add(path.slice(path.lastIndexOf("/") + 1));
	}

	/** @returns A line for each thing that is there of the lab, and was not before. */
	found(): string[] {
		return this.#all().filter((line) => !this.#before.has(line));
	}

	#all(): string[] {
		const { dir } = labPaths(this.#lab);
		const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
		return [
			...[dir].filter((path) => existsSync(path)),
			...globSync(`/run/netns/weft-${this.#lab}-*`),
			...mounts.filter((line) => line.includes(`${dir}/`) || line.includes(`/netns/weft-${this.#lab}-`)),
			...processesOf(this.#lab),
			...globSync("/sys/fs/cgroup/**/weft-*").filter((path) => this.#containers.has(path.slice(-64))),
			...machineWide(),
		];
	}
}

/** A process on a host of the lab, or in a container there, sees the lab's folder among its mounts. */
function processesOf(lab: string): string[] {
	const found: string[] = [];
	for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
		try {
			if (!readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(`/weft-lab/${lab}/`)) continue;
			found.push(`process ${pid}: ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`);
		} catch {
			// It has ended.
		}
	}
	return found;
}

function machineWide(): string[] {
	const links = execFileSync("ip", ["-br", "link"], { encoding: "utf8" }).replace(/@if\d+/g, "");
	const tables = execFileSync("nft", ["list", "tables"], { encoding: "utf8" });
	return `${links}${tables}`.split("\n").filter(Boolean);
}
