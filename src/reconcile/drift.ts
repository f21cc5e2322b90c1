import type { OpResult } from "../kernel/kernel.ts";
import type { KernelOp } from "../model/kernel-op.ts";
import { keyOf, nsOf, type Resource, type ResourceKey } from "../model/kernel-state.ts";
import { deviceKeyOf, endsOf, tableKeyOf } from "../plan/depends.ts";

/**
 * Tells what drift made necessary from what a change of the desired state did. Drift is what differs although nothing else
 * has been wanted since the kernel last held it; what an agent finds at its start is none.
 */
export class Drift {
	/** What the kernel refused, of all that was not drift: it is tried again, and still is none. */
	#awaited: ReadonlySet<ResourceKey> = new Set();
	#started = false;

	/** Notes what one comparison led to. @returns The operations that were done because of drift. */
	note(changed: ReadonlySet<ResourceKey>, results: readonly OpResult[]): KernelOp[] {
		const isDrift = this.#started ? this.#driftIn(changed, results) : () => false;
		this.#started = true;
		const refused = results.filter(({ error }) => error !== undefined);
		this.#awaited = new Set(refused.filter(({ op }) => !isDrift(op.resource)).map(({ op }) => keyOf(op.resource)));
		return results.filter(({ op, error }) => error === undefined && isDrift(op.resource)).map(({ op }) => op);
	}

	/** What lives on something that is made anew is made anew with it. */
	#driftIn(changed: ReadonlySet<ResourceKey>, results: readonly OpResult[]): (resource: Resource) => boolean {
		const causes = new Set([...this.#awaited, ...changed]);
		const caused = results.filter(({ op }) => causes.has(keyOf(op.resource)));
		for (const { op } of caused) for (const { key } of endsOf(op.resource)) causes.add(key);
		const grounds = (r: Resource) => [keyOf(r), deviceKeyOf(r), tableKeyOf(r), `netns ${nsOf(r)}`];
		return (resource) => !grounds(resource).some((key) => key !== undefined && causes.has(key));
	}
}
