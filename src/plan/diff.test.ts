import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stateOf, worlds } from "../../test/worlds.ts";
import { openFakeKernel } from "../kernel/fake.ts";
import type { Kernel, ObserveScope } from "../kernel/kernel.ts";
import { hostNetns, type KernelState, nsOf } from "../model/kernel-state.ts";
import { plan } from "./diff.ts";
import { formatOp, formatOps } from "./format.ts";

/** @returns What the kernel holds of all namespaces that it has or that `desired` wants. */
function observe(kernel: Kernel, desired: KernelState): KernelState {
	const sysctls = new Map<string, string[]>();
	for (const resource of desired.values())
		if (resource.kind === "sysctl") sysctls.set(resource.ns, [...(sysctls.get(resource.ns) ?? []), resource.key]);
	const names = new Set([hostNetns, ...kernel.listNetns(), ...[...desired.values()].map(nsOf)]);
	const scopes = [...names].map((ns): ObserveScope => {
		const role = ns === hostNetns ? "host" : ns.startsWith("1-") ? "overlay" : "sandbox";
		return { ns, role, sysctls: sysctls.get(ns) ?? [] };
	});
	return kernel.observe(scopes);
}

test("plan() leads from any state to any other, and then has nothing left to do", () => {
	fc.assert(
		fc.property(fc.array(worlds, { minLength: 1, maxLength: 6 }), (jumps) => {
			const kernel = openFakeKernel();
			for (const world of jumps) {
				const desired = stateOf(world);
				for (const { op, error } of kernel.apply(plan(observe(kernel, desired), desired)))
					assert.equal(error, undefined, `${formatOp(op)}: ${error?.message} ${String(error?.cause)}`);
				const held = observe(kernel, desired);
				// Every namespace has a lo, wanted or not.
				const made = [...held.keys()].filter((key) => desired.has(key) || !key.endsWith(" lo"));
				assert.deepEqual(made.sort(), [...desired.keys()].sort());
				for (const [key, resource] of desired) assert.deepEqual(held.get(key), resource);
				assert.equal(formatOps(plan(held, desired)), "");
			}
			kernel.close();
		}),
		{ numRuns: 300 },
	);
});

test("plan() mends whatever was taken away", () => {
	fc.assert(
		fc.property(worlds, fc.nat(), (world, pick) => {
			const kernel = openFakeKernel();
			const desired = stateOf(world);
			kernel.apply(plan(observe(kernel, desired), desired));
			const all = [...desired.values()].filter(({ kind }) => kind !== "sysctl");
			const victim = all[pick % Math.max(1, all.length)];
			if (victim !== undefined && !(victim.kind === "link" && victim.type === "loopback"))
				kernel.apply([{ verb: "del", resource: victim }]);
			for (const { op, error } of kernel.apply(plan(observe(kernel, desired), desired)))
				assert.equal(error, undefined, `${formatOp(op)}: ${error?.message}`);
			assert.equal(formatOps(plan(observe(kernel, desired), desired)), "");
			kernel.close();
		}),
		{ numRuns: 300 },
	);
});
