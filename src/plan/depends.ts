import { keyOf, type NetnsRef, type Resource, type ResourceKey } from "../model/kernel-state.ts";
import { sysctlDevice } from "./rank.ts";

/** @returns The key of the link that `r` lives on, and that takes it along when it goes. */
export function deviceKeyOf(r: Resource): ResourceKey | undefined {
	const dev = r.kind === "sysctl" ? sysctlDevice(r.key) : "dev" in r ? r.dev : undefined;
	return dev === undefined || r.kind === "netns" ? undefined : linkKey(r.ns, dev);
}

/** @returns The key of the table that `r` is an element of. */
export function tableKeyOf(r: Resource): ResourceKey | undefined {
	return r.kind === "nft-element" ? `nft-table ${r.ns} ${r.family} ${r.table}` : undefined;
}

export function linkKey(ns: NetnsRef, name: string): ResourceKey {
	return `link ${ns} ${name}`;
}

/** @returns The ends of a link that its deletion takes along: the link itself, and a veth's other end. */
export function endsOf(r: Resource): { readonly ns: NetnsRef; readonly key: ResourceKey }[] {
	if (r.kind !== "link") return [];
	const own = { ns: r.ns, key: keyOf(r) };
	return r.type === "veth" ? [own, { ns: r.peer.ns, key: linkKey(r.peer.ns, r.peer.name) }] : [own];
}
