import type { HostId } from "./host.ts";

/**
 * Where a store's contents are on their way to, at `keys.moving`. As long as it is there, nothing else in that store changes.
 *
 * - `leaving`: they are being copied away; leased, so that it ends with the agent that copies.
 * - `left`: they are elsewhere for good, and whoever finds this goes there, too.
 * - `arriving`: this is the copy, and not whole yet.
 * - `restoring`: a backup is being put in their place.
 */
export interface Move {
	/** 32 hex digits: the same in both stores. */
	readonly id: string;
	readonly state: "leaving" | "left" | "arriving" | "restoring";
	/** "etcd://a,b", "weft://host:port"; of a restore, what it is restored from. */
	readonly to: string;
	/** The name of the host whose agent does it. */
	readonly by: string;
	/** ISO 8601, UTC. */
	readonly at: string;
	/** Of one that left for a host's embedded store: its host, which finds it in its own database. */
	readonly storeHost?: HostId;
	/** A token of one use for each host that has to join that host's cluster of certificates first. */
	readonly tokens?: Readonly<Record<HostId, string>>;
}

/** What a host writes to `moving/<its id>` in a store whose contents are leaving: whether it can go along. */
export interface MoveAnswer {
	/** Of the move that it answers. */
	readonly id: string;
	/** Why it cannot. */
	readonly error?: string;
}
