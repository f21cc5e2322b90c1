import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { openFakeKernel } from "../../src/kernel/fake.ts";
import type { Kernel, OpResult } from "../../src/kernel/kernel.ts";
import { unshareNetns } from "../../src/kernel/libc/namespace.ts";
import { openLinuxKernel } from "../../src/kernel/linux.ts";
import { deleteNetns } from "../../src/kernel/netns.ts";
import type { KernelOp } from "../../src/model/kernel-op.ts";
import { hostNetns, type KernelState, type Resource } from "../../src/model/kernel-state.ts";
import { formatOps } from "../../src/plan/format.ts";
import { needs } from "../needs.ts";
import { opOf, overlaySysctls, type Places, type Step, steps } from "./random-ops.ts";
import { soak } from "./soak.ts";

const skip = needs("root");

// A host of its own for this process.
if (skip === false) unshareNetns();

const places: Places = { overlay: `wt-${process.pid}-a`, sandbox: `wt-${process.pid}-b` };

after(() => {
	for (const name of Object.values(places)) deleteNetns(name);
});

function observe(kernel: Kernel): KernelState {
	return kernel.observe([
		{ ns: places.overlay, role: "overlay", sysctls: overlaySysctls },
		{ ns: places.sandbox, role: "sandbox", sysctls: [] },
		{ ns: hostNetns, role: "host", sysctls: [] },
	]);
}

function byKey(state: KernelState): Resource[] {
	return [...state].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, resource]) => resource);
}

function answersOf(results: readonly OpResult[]) {
	return results.map(({ errno, error }) => ({ errno, code: error?.code }));
}

/** Leaves the two namespaces, empty. */
function clear(linux: Kernel): void {
	const namespaces = Object.values(places).map((name): Resource => ({ kind: "netns", name }));
	const hostLinks = [...observe(linux).values()].filter((r) => r.kind === "link" && r.ns === hostNetns);
	linux.apply([...namespaces, ...hostLinks].map((resource) => ({ verb: "del", resource })));
	linux.apply(namespaces.map((resource) => ({ verb: "add", resource })));
}

/** Applies to both what comes at once, and compares what they say and what they hold. */
function applyToBoth(fake: Kernel, linux: Kernel, batch: readonly Step[], done: KernelOp[]): void {
	const faked: OpResult[] = [];
	for (const step of batch) faked.push(...fake.apply([opOf(step, observe(fake))]));
	const ops = faked.map(({ op }) => op);
	done.push(...ops);
	assert.deepEqual(answersOf(linux.apply(ops)), answersOf(faked), formatOps(done));
	assert.deepEqual(byKey(observe(linux)), byKey(observe(fake)), formatOps(done));
}

test("openFakeKernel() answers as the kernel does, whatever is asked of it", { skip }, async () => {
	const linux = openLinuxKernel();
	// What leaves is let go in some places, and still on its way in others.
	const batch = fc.record({ steps: fc.array(steps(places), { minLength: 1, maxLength: 6 }), pauseMs: fc.nat(4) });
	const batches = fc.array(batch, { minLength: 5, maxLength: 20, size: "max" });
	await soak(
		fc.asyncProperty(batches, async (run) => {
			const fake = openFakeKernel();
			for (const name of Object.values(places)) fake.apply([{ verb: "add", resource: { kind: "netns", name } }]);
			clear(linux);
			const done: KernelOp[] = [];
			for (const { steps, pauseMs } of structuredClone(run)) {
				applyToBoth(fake, linux, steps, done);
				if (pauseMs > 0) await sleep(pauseMs);
			}
		}),
	);
	clear(linux);
	linux.close();
});
