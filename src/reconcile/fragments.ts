import { keyOf, type NetnsRef, nsOf, type Resource, type ResourceKey } from "../model/kernel-state.ts";
import { plainEqual } from "../plan/equal.ts";

/** Names a part of the desired state that is compiled as one: "host", "network <id>", "endpoint <network id> <id>", "sandbox <id>". */
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
	readonly #keysOf = new Map<FragmentId, ResourceKey[]>();
	readonly #nsOfKey = new Map<ResourceKey, NetnsRef>();
	readonly #byNs = new Map<NetnsRef, Map<ResourceKey, Held>>();
	#touched = new Map<ResourceKey, NetnsRef>();
	#changed = new Set<ResourceKey>();

	/** @param resources An empty list takes the fragment away. */
	set(id: FragmentId, resources: readonly Resource[]): void {
		const keys: ResourceKey[] = [];
		for (const resource of resources) {
			const key = keyOf(resource);
			const ns = nsOf(resource);
			let held = this.#byNs.get(ns);
			if (held === undefined) this.#byNs.set(ns, (held = new Map<ResourceKey, Held>()));
			if (!plainEqual(held.get(key)?.resource, resource)) this.#changed.add(key);
			this.#touched.set(key, ns);
			held.set(key, { resource, owner: id });
			keys.push(key);
			this.#nsOfKey.set(key, ns);
		}
		const kept = new Set(keys);
		for (const key of this.#keysOf.get(id) ?? []) if (!kept.has(key)) this.#drop(id, key);
		if (keys.length === 0) this.#keysOf.delete(id);
		else this.#keysOf.set(id, keys);
	}

	#drop(id: FragmentId, key: ResourceKey): void {
		const ns = this.#nsOfKey.get(key);
		const held = ns === undefined ? undefined : this.#byNs.get(ns);
		if (ns === undefined || held?.get(key)?.owner !== id) return;
		held.delete(key);
		if (held.size === 0) this.#byNs.delete(ns);
		this.#nsOfKey.delete(key);
		this.#changed.add(key);
		this.#touched.set(key, ns);
	}

	has(id: FragmentId): boolean {
		return this.#keysOf.has(id);
	}

	/** @returns The keys of a fragment; none when it is not wanted. */
	keysOf(id: FragmentId): readonly ResourceKey[] {
		return this.#keysOf.get(id) ?? [];
	}

	nsOfKey(key: ResourceKey): NetnsRef | undefined {
		return this.#nsOfKey.get(key);
	}

	get(ns: NetnsRef, key: ResourceKey): Resource | undefined {
		return this.#byNs.get(ns)?.get(key)?.resource;
	}

	namespaces(): Iterable<NetnsRef> {
		return this.#byNs.keys();
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
