import { keyOf, type NetnsRef, nsOf, type Resource, type ResourceKey } from "../model/kernel-state.ts";
import { plainEqual } from "../plan/equal.ts";

/** Names a part of the desired state that is compiled as one. */
export type FragmentId = string;

interface Held {
	readonly resource: Resource;
	readonly owner: FragmentId;
}

/**
 * The desired state of this host, put together from fragments, with a note of which keys changed since last asked.
 * The cost of a change is that of its fragment.
 *
 * Two fragments may claim one key for a moment (an address moves to another host: the new endpoint is there before
 * the old one goes); the later one holds it, and the going of the earlier does not take it away.
 */
export class Fragments {
	readonly #resourcesOf = new Map<FragmentId, readonly Resource[]>();
	readonly #byNs = new Map<NetnsRef, Map<ResourceKey, Held>>();
	#touched = new Map<ResourceKey, NetnsRef>();
	#changed = new Set<ResourceKey>();

	/** @param resources An empty list takes the fragment away. */
	set(id: FragmentId, resources: readonly Resource[]): void {
		const before = this.#resourcesOf.get(id);
		if (before === undefined && resources.length === 0) return;
		const kept = new Set<ResourceKey>();
		for (const resource of resources) kept.add(this.#hold(id, resource));
		for (const resource of before ?? []) {
			const key = keyOf(resource);
			if (!kept.has(key)) this.#drop(id, nsOf(resource), key);
		}
		if (resources.length === 0) this.#resourcesOf.delete(id);
		else this.#resourcesOf.set(id, resources);
	}

	#hold(owner: FragmentId, resource: Resource): ResourceKey {
		const [key, ns] = [keyOf(resource), nsOf(resource)];
		let held = this.#byNs.get(ns);
		if (held === undefined) this.#byNs.set(ns, (held = new Map<ResourceKey, Held>()));
		if (!plainEqual(held.get(key)?.resource, resource)) this.#changed.add(key);
		this.#touched.set(key, ns);
		held.set(key, { resource, owner });
		return key;
	}

	#drop(owner: FragmentId, ns: NetnsRef, key: ResourceKey): void {
		const held = this.#byNs.get(ns);
		if (held?.get(key)?.owner !== owner) return;
		held.delete(key);
		if (held.size === 0) this.#byNs.delete(ns);
		this.#changed.add(key);
		this.#touched.set(key, ns);
	}

	/** @returns What a fragment asks for; nothing when it is not wanted. */
	of(id: FragmentId): readonly Resource[] {
		return this.#resourcesOf.get(id) ?? [];
	}

	get(ns: NetnsRef, key: ResourceKey): Resource | undefined {
		return this.#byNs.get(ns)?.get(key)?.resource;
	}

	namespaces(): Iterable<NetnsRef> {
		return this.#byNs.keys();
	}

	/** @returns How many resources are wanted in a namespace. */
	sizeOf(ns: NetnsRef): number {
		return this.#byNs.get(ns)?.size ?? 0;
	}

	*resources(ns: NetnsRef): Iterable<[ResourceKey, Resource]> {
		for (const [key, { resource }] of this.#byNs.get(ns) ?? []) yield [key, resource];
	}

	/**
	 * @returns What came about since the last call: all keys of the fragments that were set, with their namespaces (with what has
	 * changed comes what lives on it, changed or not), and those of them that got other content or were dropped.
	 */
	takeChanges(): { touched: ReadonlyMap<ResourceKey, NetnsRef>; changed: ReadonlySet<ResourceKey> } {
		const taken = { touched: this.#touched, changed: this.#changed };
		this.#touched = new Map();
		this.#changed = new Set();
		return taken;
	}
}
