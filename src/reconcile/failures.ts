import type { OpResult } from "../kernel/kernel.ts";
import type { ErrorCode, WeftError } from "../model/error.ts";
import { keyOf, type Resource, type ResourceKey } from "../model/kernel-state.ts";
import { deviceKeyOf, tableKeyOf } from "../plan/depends.ts";

export interface Failure {
	readonly error: WeftError;
	/** Ms since 1970: of the first refusal in a row. */
	readonly since: number;
	readonly resource: Resource;
}

/** Refusals that no waiting helps against: somebody has to do something. */
const lasting: ReadonlySet<ErrorCode> = new Set(["KERNEL_LIMIT", "VXLAN_PORT_IN_USE"]);

/** What the kernel refused last, and has not accepted since. */
export class Failures {
	readonly #failures = new Map<ResourceKey, Failure>();

	get(key: ResourceKey): WeftError | undefined {
		return this.#failures.get(key)?.error;
	}

	/** Whether it is of no use to try it again and again. */
	lasts(key: ResourceKey): boolean {
		const code = this.get(key)?.code;
		return code !== undefined && lasting.has(code);
	}

	/** @returns All, but for what was refused only because its device, or its table, was. */
	causes(): Failure[] {
		return [...this.#failures.values()].filter(({ resource }) => {
			const base = deviceKeyOf(resource) ?? tableKeyOf(resource);
			return base === undefined || !this.#failures.has(base);
		});
	}

	note({ op: { resource }, error }: OpResult): void {
		const key = keyOf(resource);
		if (error === undefined) this.forget(key);
		else this.#failures.set(key, { error, since: this.#failures.get(key)?.since ?? Date.now(), resource });
	}

	/** It is as it should be, or not wanted any longer. */
	forget(key: ResourceKey): void {
		this.#failures.delete(key);
	}
}
