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
	return {
		subscribe(listener) {
			listeners.add(listener);
			return () => void listeners.delete(listener);
		},
		watch: (ns) => void watched.add(ns),
		emit(events) {
			const heard = events.filter((event) => event.kind === "overrun" || watched.has(event.ns));
			setImmediate(() => {
				for (const event of heard) for (const listener of listeners) listener(event);
			});
		},
		close: () => listeners.clear(),
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
