import { readFile, rm } from "node:fs/promises";
import { at } from "../lib/point.ts";
import { writeWhole } from "../lib/whole-file.ts";
import { WeftError } from "../model/error.ts";
import { writeHosts } from "./bundle.ts";
import { conmonGone, deleteContainer, prepareContainer, type Stdin, startContainer } from "./conmon.ts";
import { program } from "./programs.ts";
import type { Restarts } from "./restarts.ts";
import { mountRoot, releaseRoot, removeFiles, unmountRoot } from "./rootfs.ts";
import {
	type ContainerPaths,
	type ContainerSpec,
	type ContainerStatus,
	containerPaths,
	type SandboxDirs,
} from "./spec.ts";
import { conmonPid, mainPid, noteUnseenEnding, readEnding } from "./status.ts";

/** How containers learn what happens to them, and tell it. */
export interface Surroundings {
	/** Calls back once when a process has ended; at once for one that is not there. @returns Ends the watch. */
	onProcessEnd(pid: number, callback: () => void): () => void;
	/** Called once for each container that ends. */
	onEnd(id: string): void;
	/** Called with what goes wrong while nobody waits for it. */
	onError(error: unknown): void;
}

/**
 * One container. All that there is of it stands on the disk and in the kernel; what is held here is what was read there, and
 * what was told since. One change of it at a time: the caller sees to that.
 */
export class Container {
	readonly spec: ContainerSpec;
	readonly paths: ContainerPaths;
	readonly restarts: Restarts;
	readonly #dirs: SandboxDirs;
	readonly #surroundings: Surroundings;
	#status: ContainerStatus;
	/** Its conmon lives: it is made, and its command waits, or runs. */
	#attended = false;
	#endWatch = () => {};

	constructor(
		spec: ContainerSpec,
		{ status, restarts }: { readonly status: ContainerStatus; readonly restarts: Restarts },
		dirs: SandboxDirs,
		surroundings: Surroundings,
	) {
		this.spec = spec;
		this.paths = containerPaths(dirs, spec.id);
		this.#status = status;
		this.restarts = restarts;
		this.#dirs = dirs;
		this.#surroundings = surroundings;
	}

	get id(): string {
		return this.spec.id;
	}

	get name(): string {
		return this.spec.name;
	}

	get status(): ContainerStatus {
		return this.#status;
	}

	/** It has ended, and does not begin again by itself. */
	get isOver(): boolean {
		return this.#status.state === "exited" && !this.restarts.after(this.#status.exitCode);
	}

	/** It does not run, and is to begin again by itself. */
	get isRestarting(): boolean {
		switch (this.#status.state) {
			case "created":
				return this.restarts.interrupted;
			case "running":
				return false;
			case "exited":
				return this.restarts.after(this.#status.exitCode);
		}
	}

	/** Makes it ready to attach to and to start; when it is ready it stays as it is. @param stdin Of one that is attached to, a pipe's is its FIFO. */
	async prepare(stdin: Stdin = this.spec.stdin ? "conmon" : "none"): Promise<void> {
		if (this.#attended) return;
		// What a conmon left that was killed.
		await deleteContainer(this.id, this.paths);
		await mountRoot(this.spec, this.#dirs.stateDir, this.paths);
		try {
			await prepareContainer(this.spec, this.paths, stdin);
			await this.attend();
		} catch (error) {
			await unmountRoot(this.paths);
			throw error;
		}
		at("container prepared");
	}

	/** @throws {WeftError} What `runcRefusal` says: its command cannot be executed. */
	async start(): Promise<void> {
		await this.prepare();
		const pid = Number(await readFile(this.paths.pid, "utf8"));
		const startedAt = new Date().toISOString();
		await writeWhole(this.paths.started, startedAt);
		// Said before it is so: the end of a short one is told before runc is back.
		this.#status = { state: "running", pid, startedAt };
		try {
			await startContainer(this.spec, this.paths);
		} catch (error) {
			await rm(this.paths.started, { force: true });
			this.#status = { state: "created" };
			throw error;
		}
	}

	/** @throws {WeftError} CONTAINER_NOT_RUNNING */
	signal(signal: NodeJS.Signals): void {
		if (this.#status.state !== "running") {
			throw new WeftError(
				"CONTAINER_NOT_RUNNING",
				`Cannot send ${signal} to container "${this.name}": it is not running`,
				{ fix: "weft ps --all shows its state" },
			);
		}
		try {
			process.kill(this.#status.pid, signal);
		} catch (error) {
			// It ended in between.
			if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
		}
	}

	/** Makes one that ended as if it had never begun; its files and its log stay. The disk says so once it is prepared. */
	async renew(): Promise<void> {
		await conmonGone(this.paths, this.id);
		this.#lookAway();
		for (const fifo of [this.paths.control, this.paths.windowSize]) await rm(fifo, { force: true });
		this.#status = { state: "created" };
	}

	/** @param hosts "address name …" of its own. */
	writeHosts(hosts: readonly string[]): Promise<void> {
		return writeHosts(this.paths, hosts);
	}

	/** Takes that back: it could not begin. @param ended What it was before. */
	async lapse(ended: Extract<ContainerStatus, { state: "exited" }>): Promise<void> {
		this.#lookAway();
		await deleteContainer(this.id, this.paths);
		await conmonGone(this.paths, this.id);
		await releaseRoot(this.paths);
		await writeWhole(this.paths.exit, `${ended.exitCode}`);
		await writeWhole(this.paths.started, ended.startedAt);
		this.#status = ended;
	}

	#lookAway(): void {
		this.#endWatch();
		this.#attended = false;
	}

	/** @returns The command that runs another one in it. */
	execArgv(flags: readonly string[], command: readonly string[]): string[] {
		return [program("runc"), "--root", this.paths.runcRoot, "exec", ...flags, this.id, ...command];
	}

	/** Lets go of what it needed while it ran. */
	release(): Promise<void> {
		return releaseRoot(this.paths);
	}

	/** Removes it, whether it ended or never began; what still runs of it is killed. */
	async remove(): Promise<void> {
		this.#lookAway();
		// At its end conmon has runc forget the container: two at it would get in each other's way.
		if (this.#status.state === "exited") await conmonGone(this.paths, this.id);
		await deleteContainer(this.id, this.paths);
		await conmonGone(this.paths, this.id);
		await removeFiles(this.paths);
	}

	/** Follows its processes, so that its end is known whoever dies first: to be called when they may have changed. */
	async attend(): Promise<void> {
		if (this.#status.state === "exited") return;
		const conmon = await conmonPid(this.paths, this.id);
		if (conmon === undefined) return this.#unattended();
		this.#attended = true;
		this.#follow(conmon, () => this.#unattended());
	}

	/** Looks whether conmon has noted its end. @returns Whether it has. */
	async noteEnding(): Promise<boolean> {
		const ending = await readEnding(this.paths);
		if (ending === undefined) return false;
		if (this.#status.state === "running") {
			this.#status = { ...this.#status, state: "exited", ...ending };
			this.#surroundings.onEnd(this.id);
		}
		return true;
	}

	/** Looks away. */
	close(): void {
		this.#endWatch();
	}

	/** Its conmon has gone: with a word about its end, or, when it was killed, without. */
	async #unattended(): Promise<void> {
		this.#attended = false;
		if (this.#status.state !== "running" || (await this.noteEnding())) return;
		const main = await mainPid(this.paths, this.id);
		if (main === undefined) return this.#endedUnseen();
		this.#follow(main, () => this.#endedUnseen());
	}

	async #endedUnseen(): Promise<void> {
		await noteUnseenEnding(this.paths);
		await this.noteEnding();
	}

	#follow(pid: number, then: () => Promise<void>): void {
		this.#endWatch = this.#surroundings.onProcessEnd(pid, () => {
			then().catch(this.#surroundings.onError);
		});
	}
}
