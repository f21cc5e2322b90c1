import type { Kernel, ObserveScope } from "../kernel/kernel.ts";
import { hostNetns, type NetnsRef, type Resource, type ResourceKey } from "../model/kernel-state.ts";
import type { Fragments } from "./fragments.ts";
import type { Observed } from "./observed.ts";

/** What is to be made equal: parts of both states, in which each resource comes with what lives on it. */
export interface Compared {
	/** The keys whose desired content is another than at the last comparison. */
	readonly changed: ReadonlySet<ResourceKey>;
	/** All that is compared, also what neither state has. */
	readonly keys: Iterable<ResourceKey>;
	readonly observed: ReadonlyMap<ResourceKey, Resource>;
	readonly desired: ReadonlyMap<ResourceKey, Resource>;
}

/** Cuts out of the observed and the desired state what may differ, so that a small change costs little. */
export class Comparison {
	readonly #kernel: Kernel;
	readonly #fragments: Fragments;
	readonly #observed: Observed;
	readonly #watched = new Set<NetnsRef>();

	constructor(kernel: Kernel, fragments: Fragments, observed: Observed) {
		this.#kernel = kernel;
		this.#fragments = fragments;
		this.#observed = observed;
	}

	/** @returns What stands in changed fragments, and all of the namespaces in doubt, which are read. */
	next(): Compared {
		const { touched, changed } = this.#fragments.takeChanges();
		const keys = new Map(touched);
		const fresh = this.#readDoubtful(new Set(touched.values()));
		for (const ns of fresh) {
			for (const [key] of this.#fragments.resources(ns)) keys.set(key, ns);
			for (const [key] of this.#observed.resources(ns)) keys.set(key, ns);
		}
		const observed = new Map<ResourceKey, Resource>();
		const desired = new Map<ResourceKey, Resource>();
		for (const [key, ns] of keys) {
			const held = this.#observed.get(ns, key);
			const wanted = this.#fragments.get(ns, key);
			if (held !== undefined) observed.set(key, held);
			if (wanted !== undefined) desired.set(key, wanted);
		}
		return { changed, keys: keys.keys(), observed, desired };
	}

	/** The namespace is gone: the next one of its name is to be watched anew. */
	forget(ns: NetnsRef): void {
		this.#watched.delete(ns);
	}

	/** @param needed Namespaces that must be known. @returns Those that were read. */
	#readDoubtful(needed: ReadonlySet<NetnsRef>): Set<NetnsRef> {
		const fresh = new Set<NetnsRef>();
		for (const ns of needed) if (!this.#observed.knows(ns)) this.#observed.doubt(ns);
		// Reading one namespace may put another in doubt: its pair is gone.
		for (let doubtful = this.#observed.doubtful(); doubtful.length > 0; doubtful = this.#observed.doubtful()) {
			for (const ns of doubtful) {
				this.#watch(ns);
				fresh.add(ns);
			}
			this.#observed.read(doubtful.map((ns) => this.#scope(ns)));
		}
		for (const ns of needed) this.#watch(ns);
		return fresh;
	}

	#watch(ns: NetnsRef): void {
		if (this.#watched.has(ns)) return;
		this.#kernel.watchNetns(ns);
		this.#watched.add(ns);
	}

	#scope(ns: NetnsRef): ObserveScope {
		const sysctls: string[] = [];
		for (const [, resource] of this.#fragments.resources(ns))
			if (resource.kind === "sysctl") sysctls.push(resource.key);
		return { ns, role: roleOf(ns), sysctls };
	}
}

function roleOf(ns: NetnsRef): ObserveScope["role"] {
	if (ns === hostNetns) return "host";
	return /^1-[0-9a-f]{10}$/.test(ns) ? "overlay" : "sandbox";
}
