import type { Link, Resource } from "./kernel-state.ts";

/**
 * One change to a kernel, as plain data with iproute2's verbs.
 *
 * - `add` makes a namespace, link, table or foreign rule. A link that exists already is refused (EEXIST); the rest is idempotent.
 * - `replace` makes it so, whether it was there or not (addresses, routes, neighbours, FDB, sysctls, tables, elements).
 * - `set` changes what can be changed of a link in place: `was` is what the kernel held.
 * - `del` of what is gone succeeds.
 */
export type KernelOp =
	| { readonly verb: "add" | "replace" | "del"; readonly resource: Resource }
	| { readonly verb: "set"; readonly resource: Link; readonly was: Link };
