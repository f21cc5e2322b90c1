import type { KernelOp } from "../../model/kernel-op.ts";
import { hostNetns, type NetnsRef, nsOf } from "../../model/kernel-state.ts";
import type { KernelEvent } from "../kernel.ts";
import type { FakeHost } from "./state.ts";

export interface FakeEvents {
	subscribe(listener: (event: KernelEvent) => void): () => void;
	watch(ns: NetnsRef): void;
	/** Calls back later, as a socket would; namespaces that nobody watches are silent. */
	emit(events: readonly KernelEvent[]): void;
	close(): void;
}

export function openFakeEvents(): FakeEvents {
	const listeners = new Set<(event: KernelEvent) => void>();
	const watched = new Set<NetnsRef>([hostNetns]);
	/** To be told in the next turn, each once. */
	const pending = new Map<string, KernelEvent>();
	const flush = () => {
		const events = [...pending.values()];
		pending.clear();
		for (const event of events) for (const listener of listeners) listener(event);
	};
	return {
		subscribe(listener) {
			// A wrapper of its own: one function may subscribe twice.
			const own = (event: KernelEvent) => listener(event);
			listeners.add(own);
			return () => void listeners.delete(own);
		},
		watch: (ns) => void watched.add(ns),
		emit(events) {
			if (pending.size === 0) setImmediate(flush);
			for (const event of events) {
				if (event.kind === "overrun") pending.set(event.kind, event);
				else if (watched.has(event.ns)) pending.set(`${event.kind} ${event.ns}`, event);
			}
		},
		close() {
			listeners.clear();
			pending.clear();
		},
	};
}

/** @returns What the kernel would tell about `op`; to be asked before it is applied, while the other ends can be seen. */
export function eventsOf(host: FakeHost, { resource: r }: KernelOp): KernelEvent[] {
	switch (r.kind) {
		case "sysctl":
			return [];
		case "fdb":
			return [{ kind: "neigh", ns: r.ns }];
		case "nft-table":
		case "nft-element":
		case "nft-rule":
			return [{ kind: "nft", ns: r.ns }];
		case "addr":
		case "route":
		case "neigh":
			return [{ kind: r.kind, ns: r.ns }];
		case "netns":
		case "link": {
			const devs = host.namespaces.get(nsOf(r))?.devs;
			const touched = r.kind === "link" ? [devs?.get(r.name)] : [...(devs?.values() ?? [])];
			const spaces = new Set([
				nsOf(r),
				...touched.flatMap((dev) => (dev?.other === undefined ? [] : [dev.other.ns.ref])),
			]);
			return [...spaces].map((ns) => ({ kind: "link", ns }));
		}
	}
}
