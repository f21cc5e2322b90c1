import { isWeftError } from "../../model/error.ts";
import type { KernelOp } from "../../model/kernel-op.ts";
import { type Link, type Netns, type NetnsRef, nsOf, type Sysctl } from "../../model/kernel-state.ts";
import { codeOf } from "../errno.ts";
import type { OpResult } from "../kernel.ts";
import { createNetns } from "../netns.ts";
import { applyNft } from "../nft/apply.ts";
import { refusedOp } from "../op-result.ts";
import { vxlanPortInUse } from "../vxlan-port.ts";
import { changeEntries, type Entry } from "./entry.ts";
import { addLink, setLink } from "./link.ts";
import type { Session } from "./session.ts";
import { writeSysctls } from "./sysctl.ts";
import { removeNetns, unlink } from "./unlink.ts";

/** What goes together in one send, when it follows each other in one namespace. */
type Batch = "netns" | "link" | "del link" | "entry" | "sysctl" | "nft";

/** Applies operations in order. @returns One result for each, in their order. */
export function applyOps(session: Session, ops: readonly KernelOp[]): OpResult[] {
	const results: OpResult[] = [];
	while (results.length < ops.length) {
		const first = ops[results.length] as KernelOp;
		const batch = batchOf(first);
		const ns = nsOf(first.resource);
		let end = results.length + 1;
		for (; end < ops.length; end++) {
			const op = ops[end] as KernelOp;
			if (batchOf(op) !== batch || nsOf(op.resource) !== ns) break;
		}
		results.push(...applyRun(session, ns, batch, ops.slice(results.length, end)));
	}
	return results;
}

function batchOf({ verb, resource: r }: KernelOp): Batch {
	switch (r.kind) {
		case "netns":
		case "sysctl":
			return r.kind;
		case "link":
			return verb === "del" && r.type !== "loopback" ? "del link" : "link";
		case "nft-table":
		case "nft-element":
		case "nft-rule":
			return "nft";
		default:
			return "entry";
	}
}

function applyRun(session: Session, ns: NetnsRef, batch: Batch, ops: readonly KernelOp[]): OpResult[] {
	try {
		if (batch === "nft") return applyNft(session.nft(ns), ops);
		const errors = changeRun(session, ns, batch, ops);
		return ops.map((op, i) => (errors[i] === undefined ? { op } : refusedOp(op, errors[i])));
	} catch (cause) {
		// Without the namespace there is nothing left to delete.
		const gone = isWeftError(cause, "NETNS_NOT_FOUND");
		return ops.map((op) => (gone && op.verb === "del" ? { op } : refusedOp(op, cause)));
	}
}

/** @returns One entry for each: undefined, or what it was refused with. @throws What all of them are refused with. */
function changeRun(session: Session, ns: NetnsRef, batch: Exclude<Batch, "nft">, ops: readonly KernelOp[]): unknown[] {
	switch (batch) {
		case "netns":
			return ops.map((op) => attempt(() => changeNetns(session, op)));
		case "link":
			return ops.map((op) => attempt(() => changeLink(session, op)));
		case "del link":
			return unlink(
				session,
				ns,
				ops.map(({ resource }) => (resource as Link).name),
			);
		case "entry":
			return changeEntries(session, ns, ops as readonly { verb: KernelOp["verb"]; resource: Entry }[]);
		case "sysctl": {
			// A setting has no absence.
			const wanted = ops.filter(({ verb }) => verb !== "del");
			const errors = writeSysctls(
				session,
				ns,
				wanted.map(({ resource }) => resource as Sysctl),
			);
			return ops.map((op) => errors[wanted.indexOf(op)]);
		}
	}
}

function attempt(work: () => void): unknown {
	try {
		work();
		return undefined;
	} catch (error) {
		return error;
	}
}

function changeLink(session: Session, op: KernelOp): void {
	const link = op.resource as Link;
	try {
		if (op.verb === "set") setLink(session, op.resource, op.was);
		else if (op.verb !== "del") addLink(session, link);
	} catch (error) {
		if (link.type !== "vxlan" || codeOf(error) !== "EADDRINUSE") throw error;
		throw vxlanPortInUse(`Cannot set up ${link.name} in ${link.ns}`, link.dstPort, error);
	}
}

function changeNetns(session: Session, { verb, resource }: KernelOp): void {
	const { name } = resource as Netns;
	if (verb === "del") removeNetns(session, name);
	else createNetns(name);
}
