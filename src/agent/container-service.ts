import { isWeftError, WeftError } from "../model/error.ts";
import type { ContainerService, CreateContainerRequest, LogsRequest } from "../model/service.ts";
import type { ContainerState } from "../model/view.ts";
import type { Container } from "../sandbox/container.ts";
import { followLog, readLog } from "../sandbox/logs.ts";
import type { ContainerRuntime } from "../sandbox/runtime.ts";
import { type ContainerLives, isRunning } from "./container-lives.ts";
import { specOf } from "./container-spec.ts";
import { containerView } from "./container-view.ts";
import { findContainer } from "./find-container.ts";
import type { HostNames } from "./host-names.ts";
import type { Runtime } from "./runtime.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** What the verbs for containers stand on. */
export interface ContainerParts {
	readonly runtime: Runtime;
	readonly sandboxes: Sandboxes;
	readonly containers: ContainerRuntime;
	readonly lives: ContainerLives;
	readonly names: HostNames;
}

/** What `weft ps` shows without --all. */
const shown: ReadonlySet<ContainerState> = new Set(["running", "restarting", "attached"]);

/** The verbs for containers of this host. */
export function containerService(parts: ContainerParts): ContainerService {
	const { runtime, sandboxes, containers, lives, names } = parts;
	/** @throws {WeftError} CONTAINER_NOT_FOUND, ARGUMENT_INVALID, FILE_DAMAGED */
	const find = (ref: string) => {
		const found = findAny(containers, ref);
		if ("damage" in found) throw found.damage;
		return found;
	};
	return {
		async list({ all }) {
			const attached = [...runtime.view.sandboxes.values()].filter(({ id, owned }) => !owned && !containers.has(id));
			return [...containers.list(), ...attached]
				.map((one) => containerView(runtime, one))
				.filter(({ state }) => all || shown.has(state))
				.sort((a, b) => b.created.localeCompare(a.created));
		},

		async create(request: CreateContainerRequest) {
			containers.checkPrograms();
			using claim = names.claim("create container", request.name);
			const spec = specOf(runtime.control.randomId(), claim.name, request);
			await lives.create(spec);
			return { id: spec.id, warnings: [] };
		},

		async start(ref) {
			await lives.start(find(ref));
		},

		async inspect(ref) {
			return containerView(runtime, attachedOf(sandboxes, ref) ?? find(ref));
		},

		async stop(ref, { timeoutSeconds }) {
			await lives.stop(find(ref), timeoutSeconds);
		},

		async kill(ref, { signal }) {
			await lives.kill(find(ref), signal as NodeJS.Signals);
		},

		async remove(ref, { force }) {
			const attached = attachedOf(sandboxes, ref);
			if (attached !== undefined) return sandboxes.remove(attached.id);
			const found = findAny(containers, ref);
			if ("damage" in found && force) return lives.removeDamaged(found.id);
			await lives.remove(find(ref), force);
		},

		async *logs(ref, { follow, tail }: LogsRequest, signal = new AbortController().signal) {
			const { id, paths } = find(ref);
			const ended = () => containers.get(id)?.isOver ?? true;
			if (!follow) yield* readLog(paths.log, tail);
			else yield* followLog(paths.log, { ...(tail === undefined ? {} : { tail }), ended, signal });
		},

		async exec(ref, { command, tty, detach, env, workdir, user }) {
			const container = find(ref);
			if (!isRunning(container)) throw notRunning(container, "run a command in");
			const flags = [
				...(tty ? ["--tty"] : []),
				...(detach ? ["--detach"] : []),
				...env.flatMap((one) => ["--env", one]),
				...(workdir === undefined ? [] : ["--cwd", workdir]),
				...(user === undefined ? [] : ["--user", user]),
			];
			return { argv: container.execArgv(flags, command) };
		},

		async console(ref) {
			const container = find(ref);
			const { attach, control, stdin } = container.paths;
			const { tty } = container.spec;
			const piped = container.spec.stdin && !tty;
			if (container.status.state === "exited") throw notRunning(container, "attach to");
			await lives.prepare(container, piped ? "fifo" : undefined);
			return { attachSocket: attach, controlFifo: control, tty, ...(piped ? { stdinFifo: stdin } : {}) };
		},

		async wait(ref, signal = new AbortController().signal) {
			// One that was removed as it ended, too.
			const exitCode = lives.exitCode(ref) ?? (await lives.endOf(find(ref), signal));
			return { exitCode: exitCode ?? 0 };
		},
	};
}

function findAny(containers: ContainerRuntime, ref: string) {
	// Nobody knows the name of a damaged one.
	const damaged = [...containers.damaged].map(([id, damage]) => ({ id, name: id, damage }));
	return findContainer([...containers.list(), ...damaged], ref);
}

/** @returns The namespace that weft did not make, if it is one. */
function attachedOf(sandboxes: Sandboxes, ref: string) {
	try {
		const sandbox = sandboxes.find(ref);
		return sandbox.owned ? undefined : sandbox;
	} catch (error) {
		if (isWeftError(error, "CONTAINER_NOT_FOUND")) return undefined;
		throw error;
	}
}

function notRunning({ name }: Container, task: string): WeftError {
	return new WeftError("CONTAINER_NOT_RUNNING", `Cannot ${task} container "${name}": it is not running`, {
		fix: "weft ps --all shows its state",
	});
}
