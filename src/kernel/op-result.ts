import type { ErrorCode } from "../model/error.ts";
import type { KernelOp } from "../model/kernel-op.ts";
import { keyOf, type NetnsRef } from "../model/kernel-state.ts";
import { codeOf, type Errno } from "./errno.ts";
import type { OpResult } from "./kernel.ts";
import { toWeftError } from "./refusal.ts";

/** @returns The result of an operation that was refused, in the words of what was tried. */
export function refusedOp(op: KernelOp, cause: unknown): OpResult {
	const error = toWeftError(`Cannot ${op.verb} ${keyOf(op.resource)}`, cause, codesFor(op));
	const errno = codeOf(cause) ?? codeOf((cause as Error).cause);
	return errno === undefined ? { op, error } : { op, error, errno };
}

/** @returns The error for a namespace that is not there. @param cause ENOENT */
export function netnsNotFound(ns: NetnsRef, cause: Errno): Error {
	return toWeftError(`Cannot enter the network namespace ${ns}`, cause, { ENOENT: "NETNS_NOT_FOUND" });
}

function codesFor({ resource }: KernelOp): Readonly<Record<string, ErrorCode>> {
	const vxlan = resource.kind === "link" && resource.type === "vxlan";
	return vxlan ? { EEXIST: "VNI_IN_USE", EADDRINUSE: "VXLAN_PORT_IN_USE" } : {};
}
