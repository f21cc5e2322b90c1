import { at } from "../lib/point.ts";
import { nameserver } from "../model/endpoint.ts";
import { causeText, WeftError } from "../model/error.ts";
import type { Stdin } from "../sandbox/conmon.ts";
import type { Container } from "../sandbox/container.ts";
import type { ContainerRuntime } from "../sandbox/runtime.ts";
import type { ContainerSpec } from "../sandbox/spec.ts";
import { ContainerEnds } from "./container-ends.ts";
import { hostsLine, sandboxOf } from "./container-spec.ts";
import { Restarting } from "./restarting.ts";
import type { Runtime } from "./runtime.ts";
import type { Sandboxes } from "./sandboxes.ts";
import { Turns } from "./turns.ts";

/** After SIGKILL nothing but the kernel holds a process. */
const killTimeoutMs = 10_000;

/**
 * What becomes of this host's containers, with their sandboxes. All changes of one container are made in its turn; what waits
 * for its end waits outside, because tidying up after it needs a turn.
 */
export class ContainerLives {
	readonly #runtime: Runtime;
	readonly #sandboxes: Sandboxes;
	readonly #containers: ContainerRuntime;
	readonly #ends = new ContainerEnds();
	readonly #restarting: Restarting;
	readonly #turns = new Turns();
	readonly #unlisten: () => void;

	constructor(runtime: Runtime, sandboxes: Sandboxes, containers: ContainerRuntime) {
		this.#runtime = runtime;
		this.#sandboxes = sandboxes;
		this.#containers = containers;
		this.#restarting = new Restarting({
			runtime,
			sandboxes,
			containers,
			turns: this.#turns,
			ends: this.#ends,
			leave: (container) => this.#leave(container),
			onStart: (container) => this.#emit("start", container),
		});
		this.#unlisten = containers.onEnd((id) => this.#ended(id));
		// Those that ended while the agent was away, and those that an agent was killed over.
		for (const container of containers.list()) {
			if (container.status.state === "exited") this.#ended(container.id);
			else if (container.isRestarting) this.#restarting.later(container, 0);
		}
	}

	close(): void {
		this.#unlisten();
		this.#restarting.close();
	}

	/** Makes the sandbox, its connections and the container: all or nothing. */
	async create(spec: ContainerSpec): Promise<void> {
		const { id, networks } = spec;
		const sandbox = sandboxOf(spec);
		await this.#turns.run(id, async () => {
			try {
				await this.#sandboxes.add(sandbox);
				const hosts: string[] = [];
				for (const join of networks)
					hosts.push(hostsLine(spec, (await this.#sandboxes.connect(sandbox, join)).ipAddress));
				at("container connected");
				await this.#containers.create(spec, { nameserver, hosts });
				at("container written");
			} catch (error) {
				await this.#takeBack(id);
				throw error;
			}
		});
		this.#emit("create", spec);
	}

	/** Makes it ready to attach to. One that runs already stays as it is. */
	prepare(container: Container, stdin: Stdin | undefined): Promise<void> {
		return this.#begin(container, () => container.prepare(stdin));
	}

	/** @throws {WeftError} CONTAINER_RUNNING, why it cannot come back into its networks, and why its command cannot begin. */
	async start(container: Container): Promise<void> {
		const { id, name } = container;
		this.#restarting.cancel(id);
		await this.#begin(container, async () => {
			if (isRunning(container))
				throw new WeftError("CONTAINER_RUNNING", `Cannot start container "${name}": it is running`, {
					fix: `weft stop ${name}`,
				});
			this.#restarting.forget(id);
			try {
				await this.#restarting.bringUp(container, () => container.restarts.noteStart());
			} catch (error) {
				// Who starts it is told, and nobody tries again.
				await container.restarts.noteStop();
				if (container.isOver) await this.#leave(container);
				throw error;
			}
		});
		this.#emit("start", container);
	}

	/** One that was to be removed when it ends is, when it cannot begin. */
	#begin(container: Container, begin: () => Promise<void>): Promise<void> {
		const { id, spec } = container;
		return this.#turns.run(id, async () => {
			if (!this.#containers.has(id)) throw wasRemoved(container);
			try {
				await begin();
			} catch (error) {
				if (spec.autoRemove && container.status.state === "created") await this.#takeBack(id);
				throw error;
			}
		});
	}

	/** Resolves with the exit code of a container, once it has ended and what it left is tidied up; with nothing when `signal` aborts before. */
	async endOf(container: Container, signal: AbortSignal): Promise<number | undefined> {
		const code = await this.#ends.of(container.id, signal);
		if (code !== undefined || signal.aborted) return code;
		throw wasRemoved(container);
	}

	/** @returns How a container ended, whether or not it was removed since. */
	exitCode(id: string): number | undefined {
		return this.#ends.exitCode(id);
	}

	/** Sends a signal. One that is meant to end it ends its restarts too, as with Docker. @throws {WeftError} CONTAINER_NOT_RUNNING */
	async kill(container: Container, signal: NodeJS.Signals): Promise<void> {
		if (isRunning(container) && (signal === "SIGKILL" || signal === "SIGTERM")) await container.restarts.noteStop();
		container.signal(signal);
	}

	/** SIGTERM, and SIGKILL after some time. One that does not run is no error. @throws {WeftError} TIMEOUT */
	async stop(container: Container, timeoutSeconds: number): Promise<void> {
		await this.#restarting.end(container);
		if (!isRunning(container)) return;
		container.signal("SIGTERM");
		await this.#ends.of(container.id, AbortSignal.timeout(timeoutSeconds * 1000));
		await this.#kill(container);
	}

	/**
	 * Removes one that ended, or never began.
	 * @param force Whether it is killed when it runs.
	 * @throws {WeftError} CONTAINER_RUNNING, TIMEOUT
	 */
	async remove(container: Container, force: boolean): Promise<void> {
		const { id, name } = container;
		if (force) await this.#kill(container);
		await this.#turns.run(id, async () => {
			// It was removed as it ended, or by another.
			if (!this.#containers.has(id)) return;
			if (!force && (isRunning(container) || container.isRestarting)) {
				const state = isRunning(container) ? "running" : "restarting";
				throw new WeftError("CONTAINER_RUNNING", `Cannot remove container "${name}": it is ${state}`, {
					fix: `weft stop ${name} first, or weft rm --force ${name}`,
				});
			}
			this.#restarting.forget(id);
			await this.#sandboxes.remove(id);
			await this.#containers.remove(id);
			this.#ends.noteGone(id);
			this.#emit("remove", container);
		});
	}

	/** Removes one whose files are not what was written; what still runs of it is killed. */
	removeDamaged(id: string): Promise<void> {
		return this.#turns.run(id, async () => {
			if (this.#runtime.view.sandboxes.has(id)) await this.#sandboxes.remove(id);
			await this.#containers.remove(id);
			this.#emit("remove", { id, name: id });
		});
	}

	async #kill(container: Container): Promise<void> {
		await this.#restarting.end(container);
		if (!isRunning(container)) return;
		container.signal("SIGKILL");
		await this.#ends.of(container.id, AbortSignal.timeout(killTimeoutMs));
		if (!isRunning(container)) return;
		throw new WeftError("TIMEOUT", `Cannot stop container "${container.name}": it is still there 10 s after SIGKILL`, {
			fix: "the kernel holds it: see what it waits for with ps -eo pid,stat,wchan",
		});
	}

	/** A container that ended leaves its networks at once, as Docker's do, unless it is to begin again. */
	#ended(id: string): void {
		void this.#turns.run(id, async () => {
			const container = this.#containers.get(id);
			if (container?.status.state !== "exited") return;
			const { exitCode, startedAt, finishedAt } = container.status;
			await this.#tidy(container, () => container.release());
			if (container.isOver) await this.#leave(container);
			else this.#restarting.later(container, Date.parse(finishedAt) - Date.parse(startedAt));
			this.#emit("die", container, { exitCode: `${exitCode}` });
			if (container.spec.autoRemove) {
				await this.#tidy(container, () => this.#containers.remove(id));
				this.#emit("remove", container);
			}
			this.#ends.note(id, exitCode);
		});
	}

	#leave(container: Container): Promise<void> {
		const { id } = container;
		return this.#tidy(container, async () => {
			if (this.#runtime.view.sandboxes.has(id)) await this.#sandboxes.remove(id);
		});
	}

	async #tidy({ name }: Container, work: () => Promise<void>): Promise<void> {
		try {
			await work();
		} catch (error) {
			this.#runtime.log.error(
				{ container: name, cause: causeText(error) },
				"cannot tidy up after a container that ended",
			);
		}
	}

	async #takeBack(id: string): Promise<void> {
		try {
			await this.#containers.remove(id);
			await this.#sandboxes.remove(id);
		} catch (error) {
			this.#runtime.log.error({ id, cause: causeText(error) }, "cannot take back a container that was not made");
		}
		this.#ends.noteGone(id);
	}

	#emit(
		action: string,
		{ id, name }: { readonly id: string; readonly name: string },
		attributes: Readonly<Record<string, string>> = {},
	): void {
		this.#runtime.events.emit({ type: "container", action, id, name, attributes });
	}
}

export function isRunning({ status }: Container): boolean {
	return status.state === "running";
}

function wasRemoved({ name }: Container): WeftError {
	return new WeftError("CONTAINER_NOT_FOUND", `Cannot find container "${name}": it was removed meanwhile`, {
		fix: "weft ps --all shows the containers of this host",
	});
}
