import { WeftError } from "../model/error.ts";
import type { View } from "../reconcile/view.ts";
import type { ContainerRuntime } from "../sandbox/runtime.ts";
import { containerName } from "./container-name.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** A name that nothing else can get until it is let go of: by then it is given to something. */
export interface Claim extends Disposable {
	readonly name: string;
}

/** The names of this host's containers and attached namespaces: each is one thing's, also while that is being made. */
export class HostNames {
	readonly #taken: () => readonly string[];
	readonly #claimed = new Set<string>();

	constructor(view: View, sandboxes: Sandboxes, containers: ContainerRuntime) {
		this.#taken = () => [
			...containers.list().map(({ name }) => name),
			...[...view.sandboxes.values()].filter(({ id }) => sandboxes.doomOf(id) === undefined).map(({ name }) => name),
		];
	}

	/**
	 * @param task What the name is for: "create container".
	 * @param name Chosen when omitted.
	 * @throws {WeftError} CONTAINER_EXISTS
	 */
	claim(task: string, name: string | undefined): Claim {
		const taken = new Set([...this.#taken(), ...this.#claimed]);
		const chosen = name ?? containerName(taken);
		if (taken.has(chosen)) {
			throw new WeftError("CONTAINER_EXISTS", `Cannot ${task} "${chosen}": a container of this host has that name`, {
				fix: `choose another with --name, or weft rm --force ${chosen}`,
			});
		}
		this.#claimed.add(chosen);
		return { name: chosen, [Symbol.dispose]: () => void this.#claimed.delete(chosen) };
	}
}
