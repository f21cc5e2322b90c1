import assert from "node:assert/strict";
import type { KernelOp } from "../../model/kernel-op.ts";
import {
	hostNetns,
	type KernelState,
	type NetnsRef,
	nsOf,
	type Resource,
	type ResourceKey,
} from "../../model/kernel-state.ts";
import type { Kernel, ObserveScope } from "../kernel.ts";

/** A kernel under test, with the means to do as others would. */
export interface KernelFixture {
	readonly kernel: Kernel;
	/** Another program applies `op`. */
	foreign(op: KernelOp): void;
	/** Another program makes a namespace. @returns The path that it stands at. */
	createForeignNetns(): NetnsRef;
	/** @returns A name of the kind that weft gives to its namespaces, not used before; removed by `close`. */
	newNetnsName(): string;
	/** @returns A VNI that was not used before. */
	newVni(): number;
	close(): void;
}

/** What the parts of the contract are told. */
export interface OpenedKernel {
	readonly title: (fact: string) => string;
	readonly skip: string | false;
	readonly fixture: () => KernelFixture;
}

/** @returns The operations that make `resources`, in their order. */
export function making(resources: readonly Resource[]): KernelOp[] {
	return resources.map((resource) => ({ verb: isAdded(resource) ? "add" : "replace", resource }));
}

function isAdded({ kind }: Resource): boolean {
	return kind === "netns" || kind === "link" || kind === "nft-rule";
}

export function deleting(...resources: Resource[]): KernelOp[] {
	return resources.map((resource) => ({ verb: "del", resource }));
}

/** Applies what must succeed. */
export function apply(kernel: Kernel, ops: readonly KernelOp[]): void {
	for (const { op, error } of kernel.apply(ops)) {
		assert.equal(error, undefined, `${op.verb} ${JSON.stringify(op.resource)}: ${error?.message}`);
	}
}

/** @returns What each operation was refused with, by name. */
export function errnos(kernel: Kernel, ops: readonly KernelOp[]): (string | undefined)[] {
	return kernel.apply(ops).map(({ errno }) => errno);
}

/** @returns What a kernel holds in namespaces; what it makes by itself (a `lo` that is down) left out. */
export function held(kernel: Kernel, ...scopes: ObserveScope[]): KernelState {
	const state = new Map<ResourceKey, Resource>(kernel.observe(scopes));
	for (const [key, r] of state) if (r.kind === "link" && r.type === "loopback" && !r.up) state.delete(key);
	return state;
}

export function overlayScope(ns: NetnsRef, ...sysctls: string[]): ObserveScope {
	return { ns, role: "overlay", sysctls };
}

export function sandboxScope(ns: NetnsRef, ...sysctls: string[]): ObserveScope {
	return { ns, role: "sandbox", sysctls };
}

export const hostScope: ObserveScope = { ns: hostNetns, role: "host", sysctls: [] };

/** @returns Those of `resources` that stand in one of `namespaces`, by key and sorted, to be compared with what is held. */
export function inNamespaces(resources: Iterable<Resource>, ...namespaces: NetnsRef[]): Resource[] {
	return [...resources].filter((resource) => namespaces.includes(nsOf(resource)));
}
