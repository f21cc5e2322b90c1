import type { Ipv4 } from "../model/address.ts";
import type { WeftError } from "../model/error.ts";
import type { KernelOp } from "../model/kernel-op.ts";
import type { KernelState, NetnsRef } from "../model/kernel-state.ts";
import type { NftFamily } from "../model/nft.ts";
import type { Prefix } from "../model/prefix.ts";

/**
 * What to read back of one namespace.
 *
 * - `overlay`: the namespace belongs to weft; all links, addresses, neighbours, FDB entries and the table `bridge weft` in it are read.
 *   What the kernel makes by itself (lo's and link-local addresses, connected routes, `permanent` bridge entries of ports) is no resource.
 * - `sandbox`: lo, the addresses on the ends of weft's veths, routes of weft's protocol number.
 * - `host`: weft_gwbridge, its ports, their FDB entries, its addresses and neighbours, weft's own tables, foreign rules with weft's comment.
 */
export interface ObserveScope {
	readonly ns: NetnsRef;
	readonly role: "overlay" | "sandbox" | "host";
	/** The sysctls to read, dotted. */
	readonly sysctls: readonly string[];
}

export interface OpResult {
	readonly op: KernelOp;
	/** Absent when the operation was done. */
	readonly error?: WeftError;
	/** The errno behind the error, by name: "EEXIST". */
	readonly errno?: string;
}

/** What changed, and where: enough to know which namespace to read again. */
export type KernelEvent =
	| { readonly kind: "link" | "addr" | "route" | "neigh" | "nft"; readonly ns: NetnsRef }
	/** Messages were lost (ENOBUFS), or the namespace of one is not known: everything may have changed. */
	| { readonly kind: "overrun" };

/** What a host's kernel says about its surroundings: facts that weft reads and never changes. */
export interface HostFacts {
	readonly links: readonly {
		readonly name: string;
		readonly mtuBytes: number;
		readonly up: boolean;
		readonly addresses: readonly Ipv4[];
	}[];
	/** All unicast IPv4 routes of the main table, connected ones too; "0.0.0.0/0" is the default route. */
	readonly routes: readonly {
		readonly dst: Prefix;
		readonly dev: string;
		readonly via?: Ipv4;
		readonly mtuBytes?: number;
	}[];
	/**
	 * Chains of other programs that hook `forward` and drop what is not accepted, so that forwarded traffic needs an accept in them.
	 * `owned`: into their table its owner alone may write.
	 */
	readonly forwardFilters: readonly {
		readonly family: NftFamily;
		readonly table: string;
		readonly chain: string;
		readonly owned: boolean;
	}[];
}

/**
 * One host's kernel. Level-triggered: `observe` is the truth, never what was applied last. Where it cannot even be asked (no
 * descriptor is free, …), each throws a WeftError.
 */
export interface Kernel {
	/** @returns What weft holds in those namespaces. One that does not exist contributes nothing. `netns` resources are given for each namespace of role overlay, and of role sandbox below /run/netns. */
	observe(scopes: readonly ObserveScope[]): KernelState;
	/** @returns The names below /run/netns of the namespaces that weft made ("1-<10 hex>" of overlays, "weft-<12 hex>" of sandboxes). */
	listNetns(): readonly string[];
	/**
	 * Applies `ops` in order, many messages in one send where they follow each other in one namespace. An operation that the
	 * kernel refuses does not stop the next ones: the caller reads the results, observes again, and plans anew.
	 * Synchronous, because setns() moves the thread; callers slice long lists so that no call takes more than 5 ms.
	 */
	apply(ops: readonly KernelOp[]): OpResult[];
	/** Calls back on the main loop for each change that another program made (own changes are left out). @returns Ends it. */
	subscribe(listener: (event: KernelEvent) => void): () => void;
	/** Makes events of this namespace known to `subscribe` under this name. Idempotent. */
	watchNetns(ns: NetnsRef): void;
	facts(): HostFacts;
	/** @returns The names of all links of a namespace, whoever made them. @throws {WeftError} NETNS_NOT_FOUND */
	linkNames(ns: NetnsRef): readonly string[];
	/** @returns SO_NETNS_COOKIE of the namespace. @throws {WeftError} NETNS_NOT_FOUND */
	netnsCookie(ns: NetnsRef): string;
	/** @returns The name below /run/netns of a namespace that weft made and observes, whatever path it is meant by. @throws {WeftError} NETNS_NOT_FOUND */
	ownNameOf(ns: NetnsRef): string | undefined;
	close(): void;
}
