import type { Kernel, ObserveScope, OpResult } from "../kernel/kernel.ts";
import {
	hostNetns,
	keyOf,
	type Link,
	type NetnsRef,
	nsOf,
	type Resource,
	type ResourceKey,
} from "../model/kernel-state.ts";
import { deviceKeyOf, endsOf, tableKeyOf } from "../plan/depends.ts";

/**
 * What the kernel was last seen to hold, namespace by namespace, and what was done to it since. Never what was only
 * meant to be done: a namespace of which anything is in doubt is read again before it is planned for.
 */
export class Observed {
	readonly #kernel: Kernel;
	readonly #byNs = new Map<NetnsRef, Map<ResourceKey, Resource>>();
	/** What goes with a link, or with a table. */
	readonly #on = new Map<ResourceKey, Set<ResourceKey>>();
	readonly #doubtful = new Set<NetnsRef>();
	#planAgain = false;

	constructor(kernel: Kernel) {
		this.#kernel = kernel;
	}

	doubt(ns: NetnsRef): void {
		this.#doubtful.add(ns);
	}

	doubtAll(): void {
		for (const ns of this.#byNs.keys()) this.#doubtful.add(ns);
	}

	/** @returns The namespaces in doubt. */
	doubtful(): NetnsRef[] {
		return [...this.#doubtful];
	}

	knows(ns: NetnsRef): boolean {
		return this.#byNs.has(ns);
	}

	get(ns: NetnsRef, key: ResourceKey): Resource | undefined {
		return this.#byNs.get(ns)?.get(key);
	}

	resources(ns: NetnsRef): Iterable<[ResourceKey, Resource]> {
		return this.#byNs.get(ns) ?? [];
	}

	namespaces(): Iterable<NetnsRef> {
		return this.#byNs.keys();
	}

	/**
	 * Reads namespaces again. A pair that was there before and is gone took its other end along, so that end's
	 * namespace is put in doubt.
	 */
	read(scopes: readonly ObserveScope[]): void {
		const fresh = new Map<NetnsRef, Map<ResourceKey, Resource>>(scopes.map(({ ns }) => [ns, new Map()]));
		for (const [key, resource] of this.#kernel.observe(scopes)) fresh.get(nsOf(resource))?.set(key, resource);
		for (const [ns, held] of fresh) {
			for (const [key, old] of this.#byNs.get(ns) ?? [])
				if (old.kind === "link" && old.type === "veth" && !held.has(key) && !fresh.has(old.peer.ns))
					this.doubt(old.peer.ns);
			this.#dropNs(ns);
			for (const [key, resource] of held) this.#put(ns, key, resource);
			// A namespace without anything is known, too.
			if (held.size === 0) this.#byNs.set(ns, held);
			this.#doubtful.delete(ns);
		}
	}

	/** Notes what was done. What the kernel refused puts its namespace in doubt. */
	note({ op, error }: OpResult): void {
		const { resource } = op;
		const ns = nsOf(resource);
		if (error !== undefined) {
			this.doubt(ns);
			return;
		}
		if (op.verb === "del") this.#noteDeleted(resource);
		else {
			if (op.verb === "add" && resource.kind === "link") this.#noteFresh(resource);
			this.#noteMade(resource);
		}
	}

	/**
	 * A link that was made just now holds nothing yet. What was seen on one of its name stood on an earlier one, which the kernel
	 * was just taking away: the ends of the pairs of a namespace outlive its name by a moment.
	 */
	#noteFresh(link: Link): void {
		for (const { ns, key } of endsOf(link)) {
			if (!this.#forget(ns, key)) continue;
			this.doubt(ns);
			this.#planAgain = true;
		}
	}

	/** @returns Whether what was done last showed that it was planned from a wrong picture. Asked once. */
	takePlanAgain(): boolean {
		const again = this.#planAgain;
		this.#planAgain = false;
		return again;
	}

	#noteMade(resource: Resource): void {
		const [ns, key] = [nsOf(resource), keyOf(resource)];
		if (resource.kind === "nft-table") this.#forget(ns, key);
		this.#put(ns, key, resource);
	}

	#noteDeleted(resource: Resource): void {
		const [ns, key] = [nsOf(resource), keyOf(resource)];
		if (resource.kind === "netns") {
			for (const held of this.#byNs.get(ns)?.values() ?? [])
				if (held.kind === "link" && held.type === "veth") this.doubt(held.peer.ns);
			this.#dropNs(ns);
			this.#doubtful.delete(ns);
			// The host's end of a sandbox's pair went along.
			this.doubt(hostNetns);
			return;
		}
		this.#take(ns, key);
		if (resource.kind === "nft-table") this.#forget(ns, key);
		for (const end of endsOf(resource)) this.#forget(end.ns, end.key);
	}

	/** Forgets what is on a link, or in a table. @returns Whether there was any. */
	#forget(ns: NetnsRef, ground: ResourceKey): boolean {
		const keys = [...(this.#on.get(ground) ?? [])];
		for (const key of keys) this.#take(ns, key);
		return keys.length > 0;
	}

	#put(ns: NetnsRef, key: ResourceKey, resource: Resource): void {
		let held = this.#byNs.get(ns);
		if (held === undefined) this.#byNs.set(ns, (held = new Map<ResourceKey, Resource>()));
		held.set(key, resource);
		const ground = groundOf(resource);
		if (ground === undefined) return;
		const on = this.#on.get(ground);
		if (on === undefined) this.#on.set(ground, new Set([key]));
		else on.add(key);
	}

	#take(ns: NetnsRef, key: ResourceKey): void {
		const held = this.#byNs.get(ns);
		const resource = held?.get(key);
		if (held === undefined || resource === undefined) return;
		held.delete(key);
		const ground = groundOf(resource);
		const on = ground === undefined ? undefined : this.#on.get(ground);
		on?.delete(key);
		if (ground !== undefined && on?.size === 0) this.#on.delete(ground);
	}

	#dropNs(ns: NetnsRef): void {
		for (const resource of this.#byNs.get(ns)?.values() ?? []) {
			const ground = groundOf(resource);
			if (ground !== undefined) this.#on.delete(ground);
		}
		this.#byNs.delete(ns);
	}
}

/** @returns The link that it is on, or the table that it is in. */
function groundOf(resource: Resource): ResourceKey | undefined {
	return deviceKeyOf(resource) ?? tableKeyOf(resource);
}
