import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WeftError } from "../model/error.ts";
import { type Resolving, writeBundle } from "./bundle.ts";
import { discardContainer, prepareContainer, type Stdin, startContainer } from "./conmon.ts";
import { program } from "./programs.ts";
import { mountRoot, releaseRoot, removeFiles, unmountRoot } from "./rootfs.ts";
import {
	type ContainerPaths,
	type ContainerSpec,
	type ContainerStatus,
	containerPaths,
	exitDir,
	type SandboxDirs,
} from "./spec.ts";

/** The containers of this host, as they stand on its disk: nothing of them is held in memory, so nothing is lost with it. */
export class ContainerRuntime {
	readonly #dirs: SandboxDirs;

	constructor(dirs: SandboxDirs) {
		this.#dirs = dirs;
		mkdirSync(exitDir(dirs), { recursive: true });
	}

	paths(id: string): ContainerPaths {
		return containerPaths(this.#dirs, id);
	}

	/** @returns undefined when there is none of that id. */
	spec(id: string): ContainerSpec | undefined {
		const { spec } = this.paths(id);
		return existsSync(spec) ? (JSON.parse(readFileSync(spec, "utf8")) as ContainerSpec) : undefined;
	}

	has(id: string): boolean {
		return existsSync(this.paths(id).spec);
	}

	/** @returns The ids of those that ended. */
	ended(): ReadonlySet<string> {
		return new Set(readdirSync(exitDir(this.#dirs)));
	}

	list(): ContainerSpec[] {
		const folder = join(this.#dirs.stateDir, "containers");
		if (!existsSync(folder)) return [];
		return readdirSync(folder)
			.map((id) => this.spec(id))
			.filter((spec) => spec !== undefined);
	}

	/** Fails before anything is made when a program is missing. @throws {WeftError} PROGRAM_MISSING */
	checkPrograms(): void {
		for (const name of ["runc", "conmon", "mount", "busybox"] as const) program(name);
	}

	create(spec: ContainerSpec, resolving: Resolving): void {
		writeBundle(spec, this.paths(spec.id), resolving);
	}

	/** Makes a container ready to attach to and to start; one that is ready stays as it is. @param stdin Of one that is attached to, a pipe's is its FIFO. */
	async prepare(spec: ContainerSpec, stdin: Stdin = spec.stdin ? "conmon" : "none"): Promise<void> {
		const paths = this.paths(spec.id);
		if (isReady(paths)) return;
		mountRoot(spec, this.#dirs.stateDir, paths);
		try {
			await prepareContainer(spec, paths, stdin);
		} catch (error) {
			unmountRoot(paths);
			throw error;
		}
	}

	async start(spec: ContainerSpec): Promise<void> {
		await this.prepare(spec);
		await startContainer(spec, this.paths(spec.id));
	}

	status(id: string): ContainerStatus {
		const { started, exit, pid } = this.paths(id);
		if (!existsSync(started)) return { state: "created" };
		const startedAt = readFileSync(started, "utf8");
		if (existsSync(exit)) {
			const exitCode = Number(readFileSync(exit, "utf8"));
			return { state: "exited", exitCode, startedAt, finishedAt: statSync(exit).mtime.toISOString() };
		}
		const main = Number(readFileSync(pid, "utf8"));
		if (isAlive(main)) return { state: "running", pid: main, startedAt };
		// conmon is gone as well: nobody saw how it ended.
		return { state: "exited", exitCode: 137, startedAt, finishedAt: statSync(pid).mtime.toISOString() };
	}

	/** @throws {WeftError} CONTAINER_NOT_RUNNING */
	signal(spec: ContainerSpec, signal: NodeJS.Signals): void {
		const status = this.status(spec.id);
		if (status.state !== "running") {
			throw new WeftError(
				"CONTAINER_NOT_RUNNING",
				`Cannot send ${signal} to container "${spec.name}": it is not running`,
				{
					fix: "weft ps --all shows its state",
				},
			);
		}
		try {
			process.kill(status.pid, signal);
		} catch (error) {
			// It ended in between.
			if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
		}
	}

	/** Removes one that does not run, whether it ended or never began. */
	async remove(id: string): Promise<void> {
		const paths = this.paths(id);
		if (!existsSync(paths.started) && isReady(paths)) {
			await discardContainer(id, paths);
			// conmon's last word, which would else come after its folder is gone.
			for (let waited = 0; !existsSync(paths.exit) && waited < discardMs; waited += 10) await sleep(10);
		}
		removeFiles(paths);
	}

	/** The root of a container that ended is not mounted any longer than needed. */
	release(id: string): void {
		releaseRoot(this.paths(id));
	}

	/** @returns The command that runs another one in a container. */
	execArgv(id: string, flags: readonly string[], command: readonly string[]): string[] {
		return [program("runc"), "--root", this.paths(id).runcRoot, "exec", ...flags, id, ...command];
	}

	/** Calls back with the id of each container that ends. @returns Ends it. */
	onExit(listener: (id: string) => void): () => void {
		const folder = exitDir(this.#dirs);
		const watcher = watch(folder, (_, file) => {
			if (file !== null && /^[0-9a-f]{64}$/.test(file) && existsSync(join(folder, file))) listener(file);
		});
		return () => watcher.close();
	}
}

const discardMs = 2_000;

/** @returns Whether the container is made and its command waits, or runs. */
function isReady({ pid, exit }: ContainerPaths): boolean {
	return existsSync(pid) && !existsSync(exit) && isAlive(Number(readFileSync(pid, "utf8")));
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
