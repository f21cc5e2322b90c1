import type { Ipv4 } from "./address.ts";
import type { Prefix } from "./prefix.ts";

/** 32 hex digits, made at first launch and kept in the state folder. */
export type HostId = string;

/** A member, as the store holds it at `hosts/<id>`; whether it lives is said by the leased key `alive/<id>`. */
export interface Host {
	readonly id: HostId;
	readonly name: string;
	/** The address that other agents reach this one at, and the VTEP: the outer address of its VXLAN frames. */
	readonly vtep: Ipv4;
	/** The port of the agent's TLS listener (join, embedded store). */
	readonly agentPort: number;
	readonly underlayMtuBytes: number;
	readonly version: string;
	/** Prefixes that this host routes elsewhere: automatic subnets keep clear of them. */
	readonly routes: readonly Prefix[];
	readonly joinedAt: string;
	/** How long its endpoints keep their addresses when its lease has ended: {@link defaultGraceSeconds} when omitted. */
	readonly graceSeconds?: number;
}

export const defaultGraceSeconds = 60;

/** The leased key `alive/<id>`: it goes when the host's lease ends. */
export interface Liveness {
	/** Counts the agent's starts: fences what an earlier life of the host wrote. */
	readonly epoch: number;
	readonly since: string;
}

/** `gone/<id>`: when the host's endpoints had been reclaimed, and by which host. */
export interface Gone {
	readonly at: string;
	readonly by: HostId;
}
