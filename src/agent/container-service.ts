import { join } from "node:path";
import { isWeftError, WeftError } from "../model/error.ts";
import type { ContainerService, CreateContainerRequest } from "../model/service.ts";
import { followLog, readLog } from "../sandbox/logs.ts";
import { mountRoot } from "../sandbox/rootfs.ts";
import { ContainerRuntime } from "../sandbox/runtime.ts";
import type { ContainerSpec } from "../sandbox/spec.ts";
import { containerName } from "./container-name.ts";
import { containerView } from "./container-view.ts";
import { findContainer } from "./find-container.ts";
import { nameserver } from "./names-feed.ts";
import type { Runtime } from "./runtime.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** The verbs for containers of this host. */
export function containerService(runtime: Runtime, sandboxes: Sandboxes): ContainerService {
	return new Containers(runtime, sandboxes);
}

class Containers implements ContainerService {
	readonly #runtime: Runtime;
	readonly #sandboxes: Sandboxes;
	readonly #engine: ContainerRuntime;
	/** Of those that ended, and were tidied up after. */
	readonly #exitCodes = new Map<string, number>();
	/** Those who wait for the end of a container. */
	readonly #waiting = new Map<string, Set<() => void>>();

	constructor(runtime: Runtime, sandboxes: Sandboxes) {
		this.#runtime = runtime;
		this.#sandboxes = sandboxes;
		this.#engine = new ContainerRuntime(runtime.paths);
		this.#engine.onExit((id) => void this.#ended(id));
		// Those that ended while the agent was away.
		for (const { id } of this.#engine.list()) if (this.#engine.status(id).state === "exited") void this.#ended(id);
	}

	async list({ all }: { readonly all: boolean }) {
		const own = this.#engine.list().map((spec) => containerView(this.#runtime, spec, this.#engine));
		const ids = new Set(own.map(({ id }) => id));
		const attached = [...this.#runtime.view.sandboxes.values()]
			.filter(({ id, owned }) => !owned && !ids.has(id))
			.map((sandbox) => containerView(this.#runtime, sandbox, this.#engine));
		return [...own, ...attached]
			.filter(({ state }) => all || state === "running" || state === "attached")
			.sort((a, b) => b.created.localeCompare(a.created));
	}

	async create(request: CreateContainerRequest) {
		this.#engine.checkPrograms();
		const { control } = this.#runtime;
		const id = control.randomId();
		const sandboxes = [...this.#runtime.view.sandboxes.values()].filter((one) => !this.#sandboxes.isDoomed(one.id));
		const names = new Set([...this.#engine.list(), ...sandboxes].map(({ name }) => name));
		const name = request.name ?? containerName(names);
		if (names.has(name)) {
			throw new WeftError("CONTAINER_EXISTS", `Cannot create container "${name}": one of that name is on this host`, {
				fix: `choose another name, or weft rm --force ${name}`,
			});
		}
		const netns = `weft-${id.slice(0, 12)}`;
		const spec: ContainerSpec = {
			id,
			name,
			hostname: request.hostname ?? id.slice(0, 12),
			command: request.command,
			env: request.env,
			workdir: request.workdir ?? "/",
			...(request.rootfs === undefined ? {} : { rootfs: request.rootfs }),
			netns: join("/run/netns", netns),
			tty: request.tty,
			stdin: request.stdin,
			autoRemove: request.autoRemove,
			createdAt: new Date().toISOString(),
		};
		const sandbox = { id, name, netns, owned: true, attachments: [] };
		try {
			await this.#sandboxes.add(sandbox);
			const hosts: string[] = [];
			for (const join of request.networks) {
				const { ipAddress } = await this.#sandboxes.connect(sandbox, join);
				hosts.push(`${ipAddress}\t${[spec.hostname, ...(name === spec.hostname ? [] : [name])].join(" ")}`);
			}
			this.#engine.create(spec, { nameserver, hosts });
			// Tried here, so that a bad --rootfs is refused before anything is said to be made.
			mountRoot(spec, this.#runtime.paths.stateDir, this.#engine.paths(id));
			this.#engine.release(id);
		} catch (error) {
			await this.#takeBack(id);
			throw error;
		}
		this.#emit("create", spec);
		return { id, warnings: [] };
	}

	async #takeBack(id: string): Promise<void> {
		try {
			await this.#engine.remove(id);
			await this.#sandboxes.remove(id);
		} catch (error) {
			this.#runtime.log.error({ id, error }, "cannot take back a container that was not made");
		}
	}

	/** One that was to be removed when it ends is, when it cannot begin. */
	async #orTakeBack(spec: ContainerSpec, begin: () => Promise<void>): Promise<void> {
		try {
			await begin();
		} catch (error) {
			if (spec.autoRemove) await this.#takeBack(spec.id);
			throw error;
		}
	}

	async start(ref: string) {
		const spec = this.#find(ref);
		const { state } = this.#engine.status(spec.id);
		if (state === "running") {
			throw new WeftError("CONTAINER_RUNNING", `Cannot start container "${spec.name}": it is running`, {
				fix: `weft stop ${spec.name}`,
			});
		}
		if (state === "exited") {
			throw new WeftError(
				"CONTAINER_NOT_RUNNING",
				`Cannot start container "${spec.name}": it has ended, and left its networks`,
				{
					fix: `weft rm ${spec.name}, and weft run again`,
				},
			);
		}
		await this.#orTakeBack(spec, () => this.#engine.start(spec));
		this.#emit("start", spec);
	}

	async inspect(ref: string) {
		const sandbox = this.#attached(ref);
		return containerView(this.#runtime, sandbox ?? this.#find(ref), this.#engine);
	}

	async stop(ref: string, { timeoutSeconds }: { readonly timeoutSeconds: number }) {
		const spec = this.#find(ref);
		if (this.#engine.status(spec.id).state !== "running") return;
		this.#engine.signal(spec, "SIGTERM");
		const ended = await this.#end(spec.id, AbortSignal.timeout(timeoutSeconds * 1000));
		if (ended) return;
		this.#engine.signal(spec, "SIGKILL");
		if (await this.#end(spec.id, AbortSignal.timeout(10_000))) return;
		throw new WeftError("TIMEOUT", `Cannot stop container "${spec.name}": it is still there 10 s after SIGKILL`, {
			fix: "the kernel holds it: see what it waits for with ps -eo pid,stat,wchan",
		});
	}

	async kill(ref: string, { signal }: { readonly signal: string }) {
		this.#engine.signal(this.#find(ref), signal as NodeJS.Signals);
	}

	async remove(ref: string, { force }: { readonly force: boolean }) {
		const attached = this.#attached(ref);
		if (attached !== undefined) return this.#sandboxes.remove(attached.id);
		const spec = this.#find(ref);
		if (this.#engine.status(spec.id).state === "running") {
			if (!force) {
				throw new WeftError("CONTAINER_RUNNING", `Cannot remove container "${spec.name}": it is running`, {
					fix: `weft stop ${spec.name} first, or weft rm --force ${spec.name}`,
				});
			}
			await this.stop(spec.id, { timeoutSeconds: 0 });
		}
		await this.#sandboxes.remove(spec.id);
		await this.#engine.remove(spec.id);
		this.#emit("remove", spec);
	}

	async *logs(
		ref: string,
		{ follow, tail }: { readonly follow: boolean; readonly tail?: number },
		signal = new AbortController().signal,
	) {
		const { id } = this.#find(ref);
		const { log } = this.#engine.paths(id);
		if (!follow) yield* readLog(log, tail);
		else yield* followLog(log, tail, () => this.#isOver(id), signal);
	}

	async exec(ref: string, { command, tty, detach, env, workdir, user }: Parameters<ContainerService["exec"]>[1]) {
		const spec = this.#find(ref);
		if (this.#engine.status(spec.id).state !== "running") {
			throw notRunning(`run a command in container "${spec.name}"`);
		}
		const flags = [
			...(tty ? ["--tty"] : []),
			...(detach ? ["--detach"] : []),
			...env.flatMap((one) => ["--env", one]),
			...(workdir === undefined ? [] : ["--cwd", workdir]),
			...(user === undefined ? [] : ["--user", user]),
		];
		return { argv: this.#engine.execArgv(spec.id, flags, command) };
	}

	async console(ref: string) {
		const spec = this.#find(ref);
		if (this.#engine.status(spec.id).state === "exited") throw notRunning(`attach to container "${spec.name}"`);
		const piped = spec.stdin && !spec.tty;
		await this.#orTakeBack(spec, () => this.#engine.prepare(spec, piped ? "fifo" : undefined));
		const { attach, control, stdin } = this.#engine.paths(spec.id);
		return { attachSocket: attach, controlFifo: control, tty: spec.tty, ...(piped ? { stdinFifo: stdin } : {}) };
	}

	async wait(ref: string, signal = new AbortController().signal) {
		// One that was removed as it ended, too.
		const known = this.#exitCodes.get(ref);
		if (known !== undefined) return { exitCode: known };
		const { id } = this.#find(ref);
		await this.#end(id, signal);
		return { exitCode: this.#exitCodes.get(id) ?? 0 };
	}

	#isOver(id: string): boolean {
		return this.#engine.spec(id) === undefined || this.#engine.status(id).state === "exited";
	}

	/** @returns Whether the container ended (and what it left is tidied up), or `signal` aborted before. */
	#end(id: string, signal: AbortSignal): Promise<boolean> {
		if (this.#exitCodes.has(id)) return Promise.resolve(true);
		return new Promise((resolve) => {
			const waiting = this.#waiting.get(id) ?? new Set();
			this.#waiting.set(id, waiting);
			const done = () => {
				waiting.delete(done);
				signal.removeEventListener("abort", done);
				resolve(this.#exitCodes.has(id));
			};
			waiting.add(done);
			signal.addEventListener("abort", done);
			if (signal.aborted) done();
		});
	}

	/** A container that ended leaves its networks at once, as Docker's do. */
	async #ended(id: string): Promise<void> {
		const spec = this.#engine.spec(id);
		const status = spec === undefined ? undefined : this.#engine.status(id);
		if (spec === undefined || status?.state !== "exited" || this.#exitCodes.has(id)) return;
		this.#engine.release(id);
		try {
			await this.#sandboxes.remove(id);
		} catch (error) {
			this.#runtime.log.error(
				{ container: spec.name, error },
				"cannot take a container that ended out of its networks",
			);
		}
		if (spec.autoRemove) await this.#engine.remove(id);
		this.#emit("die", spec, { exitCode: String(status.exitCode) });
		this.#exitCodes.set(id, status.exitCode);
		for (const done of [...(this.#waiting.get(id) ?? [])]) done();
		this.#waiting.delete(id);
	}

	#attached(ref: string) {
		try {
			const sandbox = this.#sandboxes.find(ref);
			return sandbox.owned ? undefined : sandbox;
		} catch (error) {
			if (isWeftError(error, "CONTAINER_NOT_FOUND")) return undefined;
			throw error;
		}
	}

	#find(ref: string): ContainerSpec {
		return findContainer(this.#engine.list(), ref);
	}

	#emit(action: string, { id, name }: ContainerSpec, attributes: Readonly<Record<string, string>> = {}): void {
		this.#runtime.events.emit({ type: "container", action, id, name, attributes });
	}
}

function notRunning(task: string): WeftError {
	return new WeftError("CONTAINER_NOT_RUNNING", `Cannot ${task}: it is not running`, {
		fix: "weft ps --all shows its state",
	});
}
