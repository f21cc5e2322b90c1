import { causeText } from "../model/error.ts";
import type { Container } from "../sandbox/container.ts";
import type { ContainerRuntime } from "../sandbox/runtime.ts";
import { bringUp } from "./bring-up.ts";
import type { ContainerEnds } from "./container-ends.ts";
import { PlannedRestarts } from "./planned-restarts.ts";
import type { Runtime } from "./runtime.ts";
import type { Sandboxes } from "./sandboxes.ts";
import type { Turns } from "./turns.ts";

export interface RestartingParts {
	readonly runtime: Runtime;
	readonly sandboxes: Sandboxes;
	readonly containers: ContainerRuntime;
	readonly turns: Turns;
	readonly ends: ContainerEnds;
	/** Takes one out of its networks. */
	readonly leave: (container: Container) => Promise<void>;
	/** Told of each that began again by itself. */
	readonly onStart: (container: Container) => void;
}

/** How containers begin again: those that ended by themselves later each time, those that somebody starts at once. */
export class Restarting {
	readonly #parts: RestartingParts;
	readonly #planned = new PlannedRestarts();

	constructor(parts: RestartingParts) {
		this.#parts = parts;
	}

	close(): void {
		this.#planned.close();
	}

	/** @param ranMs How long it ran before it ended. */
	later({ id }: Container, ranMs: number): void {
		this.#planned.plan(id, ranMs, () => void this.#parts.turns.run(id, () => this.#again(id)));
	}

	/** It does not begin by itself this time. */
	cancel(id: string): void {
		this.#planned.cancel(id);
	}

	/** It begins as if for the first time. */
	forget(id: string): void {
		this.#planned.forget(id);
	}

	/** Brings one into its networks, and starts it; in its turn. @param note Notes in its files that it begins. */
	async bringUp(container: Container, note: () => Promise<void>): Promise<void> {
		const { runtime, sandboxes, ends } = this.#parts;
		const { id } = container;
		const formerCode = ends.exitCode(id);
		ends.forget(id);
		try {
			await bringUp(runtime, sandboxes, container, note);
		} catch (error) {
			if (formerCode !== undefined) ends.note(id, formerCode);
			throw error;
		}
	}

	/** From now on it does not begin again by itself; one that was about to leaves its networks. */
	async end(container: Container): Promise<void> {
		const { id, restarts } = container;
		if (restarts.policy.name === "no") return;
		await restarts.noteStop();
		this.#planned.cancel(id);
		// Where it begins just now, it has begun after this.
		await this.#parts.turns.run(id, async () => {
			if (container.isOver) await this.#parts.leave(container);
		});
	}

	async #again(id: string): Promise<void> {
		const { runtime, containers, leave, onStart } = this.#parts;
		const container = containers.get(id);
		if (container?.isRestarting !== true || this.#planned.has(id)) return;
		try {
			await this.bringUp(container, () => container.restarts.noteRestart());
			onStart(container);
		} catch (error) {
			runtime.log.warn({ container: container.name, cause: causeText(error) }, "cannot start a container again");
			if (container.isRestarting) this.later(container, 0);
			else await leave(container);
		}
	}
}
