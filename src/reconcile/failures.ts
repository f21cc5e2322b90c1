import type { OpResult } from "../kernel/kernel.ts";
import type { ErrorCode, WeftError } from "../model/error.ts";
import { keyOf, type Resource, type ResourceKey } from "../model/kernel-state.ts";
import { deviceKeyOf, tableKeyOf } from "../plan/depends.ts";

export interface Failure {
	readonly error: WeftError;
	/** Ms since 1970: of the first refusal in a row. */
	readonly since: number;
	/** What was refused; absent when it was the whole round. */
	readonly resource?: Resource;
}

/** Refusals that no waiting helps against: somebody has to do something. */
const lasting: ReadonlySet<ErrorCode> = new Set(["KERNEL_LIMIT", "VXLAN_PORT_IN_USE"]);

/** @returns Whether it is of no use to try again and again what was refused with `error`. */
export function lasts(error: WeftError | undefined): boolean {
	return error !== undefined && lasting.has(error.code);
}

/** What the kernel refused last, and has not accepted since. */
export class Failures {
	readonly #failures = new Map<ResourceKey, Required<Failure>>();
	/** Why the last round could not be made at all. */
	#round: Failure | undefined;

	/** @returns Why a resource, if one is meant, is not as it should be; or why nobody knows. */
	get(key: ResourceKey | undefined): WeftError | undefined {
		return (this.#round ?? (key === undefined ? undefined : this.#failures.get(key)))?.error;
	}

	/** @returns All, but for what was refused only because its device, or its table, was. */
	causes(): Failure[] {
		const refused = [...this.#failures.values()].filter(({ resource }) => {
			const base = deviceKeyOf(resource) ?? tableKeyOf(resource);
			return base === undefined || !this.#failures.has(base);
		});
		return this.#round === undefined ? refused : [this.#round, ...refused];
	}

	/** @param error Why the round could not be made; undefined when it was. */
	noteRound(error: WeftError | undefined): void {
		this.#round = error === undefined ? undefined : { error, since: this.#round?.since ?? Date.now() };
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
