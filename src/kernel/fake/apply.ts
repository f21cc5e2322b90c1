import type { KernelOp } from "../../model/kernel-op.ts";
import type { Resource } from "../../model/kernel-state.ts";
import { delAddr, delFdb, delNeigh, delRoute, replaceAddr, replaceFdb, replaceNeigh, replaceRoute } from "./address.ts";
import { addLink, addNetns, delLink, delNetns, setLink } from "./link.ts";
import { delElement, delForeignRule, delTable, replaceElement, replaceForeignRule, replaceTable } from "./nft.ts";
import type { FakeHost } from "./state.ts";
import { replaceSysctl } from "./sysctl.ts";

/** @throws {Errno} What the kernel would refuse with; nothing was changed then. @throws {RangeError} A malformed rule. */
export function applyToFake(host: FakeHost, op: KernelOp): void {
	if (op.verb === "set") setLink(host, op.resource);
	else if (op.verb === "del") unmake(host, op.resource);
	else make(host, op.resource);
}

function make(host: FakeHost, r: Resource): void {
	switch (r.kind) {
		case "netns":
			return addNetns(host, r.name);
		case "link":
			return addLink(host, r);
		case "addr":
			return replaceAddr(host, r);
		case "route":
			return replaceRoute(host, r);
		case "neigh":
			return replaceNeigh(host, r);
		case "fdb":
			return replaceFdb(host, r);
		case "sysctl":
			return replaceSysctl(host, r);
		case "nft-table":
			return replaceTable(host, r);
		case "nft-element":
			return replaceElement(host, r);
		case "nft-rule":
			return replaceForeignRule(host, r);
	}
}

function unmake(host: FakeHost, r: Resource): void {
	switch (r.kind) {
		case "netns":
			return delNetns(host, r.name);
		case "link":
			return delLink(host, r);
		case "addr":
			return delAddr(host, r);
		case "route":
			return delRoute(host, r);
		case "neigh":
			return delNeigh(host, r);
		case "fdb":
			return delFdb(host, r);
		case "sysctl":
			// A setting has no absence.
			return;
		case "nft-table":
			return delTable(host, r);
		case "nft-element":
			return delElement(host, r);
		case "nft-rule":
			return delForeignRule(host, r);
	}
}
