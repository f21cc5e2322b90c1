import { type FSWatcher, watch } from "node:fs";
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { causeText, isWeftError, type WeftError } from "../model/error.ts";
import { noRestart } from "../model/restart.ts";
import { type Resolving, writeBundle } from "./bundle.ts";
import { deleteContainer } from "./conmon.ts";
import { Container, type Surroundings } from "./container.ts";
import { damagedFile, jsonOf, specFault } from "./container-file.ts";
import { program } from "./programs.ts";
import { Restarts } from "./restarts.ts";
import { mountRoot, removeFiles } from "./rootfs.ts";
import {
	type ContainerSpec,
	type ContainerStatus,
	containerPaths,
	containersDir,
	exitDir,
	type SandboxDirs,
} from "./spec.ts";
import { readStatus } from "./status.ts";

/** The containers of this host. */
export class ContainerRuntime {
	readonly #dirs: SandboxDirs;
	readonly #surroundings: Surroundings;
	readonly #containers = new Map<string, Container>();
	/** Those that are there, and whose files are not what was written. */
	readonly #damaged = new Map<string, WeftError>();
	readonly #listeners = new Set<(id: string) => void>();
	readonly #exits: FSWatcher;

	private constructor(dirs: SandboxDirs, { onProcessEnd, onError }: Omit<Surroundings, "onEnd">) {
		this.#dirs = dirs;
		const onEnd = (id: string) => {
			for (const listener of this.#listeners) listener(id);
		};
		this.#surroundings = { onProcessEnd, onEnd, onError };
		this.#exits = watch(exitDir(dirs), (_, id) => {
			if (id !== null) this.#containers.get(id)?.noteEnding().catch(onError);
		});
		this.#exits.on("error", onError);
	}

	/**
	 * Adopts the containers that are there, and removes what was never finished, or not removed to the end. One whose files are
	 * damaged is left as it is, and does not keep the others from being adopted.
	 */
	static async open(dirs: SandboxDirs, surroundings: Omit<Surroundings, "onEnd">): Promise<ContainerRuntime> {
		for (const dir of [exitDir(dirs), containersDir(dirs)]) {
			await mkdir(dir, { recursive: true });
			// A set-uid program that a container has made would serve any user of the host who could reach it.
			await chmod(dir, 0o700);
		}
		const runtime = new ContainerRuntime(dirs, surroundings);
		// What has another name is not weft's.
		for (const id of await readdir(containersDir(dirs))) if (isId.test(id)) await runtime.#adopt(id);
		for (const id of await readdir(exitDir(dirs)))
			if (!runtime.has(id)) await rm(join(exitDir(dirs), id), { force: true });
		return runtime;
	}

	/** Looks away. The containers go on. */
	close(): void {
		this.#exits.close();
		this.#listeners.clear();
		for (const container of this.#containers.values()) container.close();
	}

	/** Whether there is one, damaged or not. */
	has(id: string): boolean {
		return this.#containers.has(id) || this.#damaged.has(id);
	}

	/** @returns Why containers that are there cannot be used, by their ids. */
	get damaged(): ReadonlyMap<string, WeftError> {
		return this.#damaged;
	}

	get(id: string): Container | undefined {
		return this.#containers.get(id);
	}

	list(): Container[] {
		return [...this.#containers.values()];
	}

	/** Calls back with the id of each container that ends from now on. @returns Ends it. */
	onEnd(listener: (id: string) => void): () => void {
		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	/** Fails before anything is made when a program is missing. @throws {WeftError} PROGRAM_MISSING */
	checkPrograms(): void {
		for (const name of ["runc", "conmon", "mount", "busybox"] as const) program(name);
	}

	/** Makes a container that waits to be started: all or nothing. @throws {WeftError} ARGUMENT_INVALID for a root that is none, SANDBOX_FAILED */
	async create(spec: ContainerSpec, resolving: Resolving): Promise<Container> {
		const paths = containerPaths(this.#dirs, spec.id);
		try {
			await mountRoot(spec, this.#dirs.stateDir, paths);
			await writeBundle(spec, paths, resolving);
		} catch (error) {
			await removeFiles(paths);
			throw error;
		}
		return this.#add(spec, { state: "created" }, new Restarts(spec.restart, paths.record));
	}

	/** Removes a container, whether it ended or never began; what still runs of it is killed. One that is gone is no error. */
	async remove(id: string): Promise<void> {
		await this.#containers.get(id)?.remove();
		this.#containers.delete(id);
		if (!this.#damaged.has(id)) return;
		const paths = containerPaths(this.#dirs, id);
		await deleteContainer(id, paths);
		await removeFiles(paths);
		this.#damaged.delete(id);
	}

	async #adopt(id: string): Promise<void> {
		try {
			await this.#load(id);
		} catch (cause) {
			const { dir } = containerPaths(this.#dirs, id);
			const error = isWeftError(cause) ? cause : damagedFile(dir, causeText(cause));
			this.#containers.get(id)?.close();
			this.#containers.delete(id);
			this.#damaged.set(id, error);
			this.#surroundings.onError(error);
		}
	}

	async #load(id: string): Promise<void> {
		const paths = containerPaths(this.#dirs, id);
		const spec = await readSpec(paths.spec, id);
		if (spec === undefined) return removeFiles(paths);
		const container = this.#add(spec, await readStatus(paths, id), await Restarts.read(spec.restart, paths.record));
		await container.attend();
		// It may have ended after it was looked at and before it was watched.
		await container.noteEnding();
	}

	#add(spec: ContainerSpec, status: ContainerStatus, restarts: Restarts): Container {
		const container = new Container(spec, { status, restarts }, this.#dirs, this.#surroundings);
		this.#containers.set(spec.id, container);
		return container;
	}
}

const isId = /^[0-9a-f]{64}$/;

/** What containers of former versions do not have. */
type LaterFields = "restart" | "networks";

/** @returns undefined for what was never finished, or half removed: it is written last. @throws {WeftError} FILE_DAMAGED */
async function readSpec(path: string, id: string): Promise<ContainerSpec | undefined> {
	const spec = await jsonOf(path, specFault);
	if (spec === undefined) return undefined;
	const known = spec as Omit<ContainerSpec, LaterFields> & Partial<ContainerSpec>;
	if (known.id !== id) throw damagedFile(path, `it is that of container ${known.id.slice(0, 12)}`);
	return { restart: noRestart, networks: [], ...known };
}
