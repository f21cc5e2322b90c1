import type { KernelOp } from "../model/kernel-op.ts";
import { type KernelState, type Link, nsOf, type Resource, type ResourceKey } from "../model/kernel-state.ts";
import { deviceKeyOf, endsOf, tableKeyOf } from "./depends.ts";
import { plainEqual } from "./equal.ts";
import { rankOf } from "./rank.ts";

/**
 * The operations that lead from what the kernel holds to what it must hold, in an order that works:
 * moves first (a forwarding entry is replaced before what it pointed at goes), then deletions from the top
 * down, then additions from the ground up. An empty list means that the two are equal.
 *
 * Both states may be parts of the whole, as long as a resource comes with what lives on it.
 */
export function plan(observed: KernelState, desired: KernelState): KernelOp[] {
	const doomed = doom(observed, desired);
	const moves: KernelOp[] = [];
	const deletions: KernelOp[] = [];
	const additions: KernelOp[] = [];

	for (const [key, held] of observed) {
		if (doomed.implied(held) || desired.has(key) || !deletable(held)) continue;
		deletions.push({ verb: "del", resource: held });
	}
	for (const resource of doomed.remade) deletions.push({ verb: "del", resource });

	for (const [key, wanted] of desired) {
		const held = observed.get(key);
		if (held !== undefined && wanted.kind === "fdb" && doomed.stands(wanted, observed)) {
			if (!plainEqual(held, wanted)) moves.push({ verb: "replace", resource: wanted });
		} else if (held === undefined || doomed.gone(held)) additions.push(making(wanted));
		else if (plainEqual(held, wanted)) continue;
		else if (held.kind === "link" && wanted.kind === "link")
			additions.push({ verb: "set", resource: wanted, was: held });
		else additions.push({ verb: "replace", resource: wanted });
	}
	return [...moves, ...byRank(deletions, -1), ...byRank(additions, 1)];
}

interface Doomed {
	/** Links that must be deleted and made again, because what differs cannot be changed in place. */
	readonly remade: readonly Link[];
	/** Goes along with something else that is deleted: no deletion of its own is needed. */
	implied(held: Resource): boolean;
	/** Will not be there when the additions begin. */
	gone(held: Resource): boolean;
	/** The device of `wanted` is there before anything is deleted or added. */
	stands(wanted: Resource, observed: KernelState): boolean;
}

function doom(observed: KernelState, desired: KernelState): Doomed {
	const namespaces = new Set<string>();
	const tables = new Set<ResourceKey>();
	const links = new Set<ResourceKey>();
	const remade: Link[] = [];
	for (const [key, held] of observed) {
		const wanted = desired.get(key);
		if (held.kind === "netns" && wanted === undefined) namespaces.add(held.name);
		if (held.kind === "nft-table" && !plainEqual(held, wanted)) tables.add(key);
		if (held.kind !== "link" || held.type === "loopback") continue;
		const remake = wanted?.kind === "link" && !changeableInPlace(held, wanted);
		if (remake) remade.push(held);
		if (remake || wanted === undefined) for (const { key: end } of endsOf(held)) links.add(end);
	}
	for (const held of observed.values()) {
		// A pair whose other end stood in a namespace that goes is gone as well.
		if (held.kind === "link" && held.type === "veth" && (namespaces.has(held.ns) || namespaces.has(held.peer.ns)))
			for (const { key: end } of endsOf(held)) links.add(end);
	}
	const inDoomedNs = (r: Resource) => r.kind !== "netns" && namespaces.has(nsOf(r));
	const onDoomed = (r: Resource) => links.has(deviceKeyOf(r) ?? "") || tables.has(tableKeyOf(r) ?? "") || inDoomedNs(r);
	return {
		remade: remade.filter((link) => !inDoomedNs(link)),
		implied: (r) => onDoomed(r) || (r.kind === "link" && r.type === "veth" && namespaces.has(r.peer.ns)),
		gone: (r) => onDoomed(r) || (r.kind === "link" && links.has(`link ${r.ns} ${r.name}`)),
		stands: (wanted, held) => {
			const device = deviceKeyOf(wanted) ?? "";
			return held.has(device) && !links.has(device);
		},
	};
}

/** Kind, identity and place of a link are fixed at its birth; the rest can be set. */
function changeableInPlace(held: Link, wanted: Link): boolean {
	if (held.type === "vxlan" && wanted.type === "vxlan")
		return held.vni === wanted.vni && held.dstPort === wanted.dstPort;
	if (held.type === "veth" && wanted.type === "veth")
		return held.peer.ns === wanted.peer.ns && held.peer.name === wanted.peer.name;
	return held.type === wanted.type;
}

/** A setting has no absence, and lo cannot be deleted: what is no longer wanted of them stays. */
function deletable(r: Resource): boolean {
	return r.kind !== "sysctl" && !(r.kind === "link" && r.type === "loopback");
}

function making(resource: Resource): KernelOp {
	switch (resource.kind) {
		case "netns":
		case "nft-rule":
			return { verb: "add", resource };
		case "link":
			return resource.type === "loopback"
				? { verb: "set", resource, was: { ...resource, up: !resource.up } }
				: { verb: "add", resource };
		default:
			return { verb: "replace", resource };
	}
}

function byRank(ops: KernelOp[], direction: 1 | -1): KernelOp[] {
	return ops.sort((a, b) => direction * (rankOf(a.resource) - rankOf(b.resource)));
}
