import type { Ipv4 } from "../model/address.ts";
import type { Sandbox } from "../model/endpoint.ts";
import { isWeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import type { ReleasedAddress } from "../model/keys.ts";
import type { Network, NetworkId } from "../model/network.ts";
import type { Prefix } from "../model/prefix.ts";
import { readRecord } from "../model/records.ts";
import type { Entry, Expect, Store } from "../store/store.ts";

/** What every change of desired state needs. The clock and the source of ids come in, so that tests can hold them. */
export interface ControlContext {
	/** The cluster's store. */
	readonly store: Store;
	/** The host's own database. */
	readonly local: Store;
	readonly self: Host;
	/** The sandboxes of this host, as they stand in its database. */
	sandboxes(): readonly Sandbox[] | Promise<readonly Sandbox[]>;
	/** @returns A network that this host is in, by its name or its whole id, without asking the store. */
	readonly followed: (ref: string) => Network | undefined;
	/** @returns What this host knows of a network's addresses without asking the store; undefined for one that it is not in. */
	addressesOf(id: NetworkId): KnownAddresses | undefined;
	/** Tells which addresses of a network nobody holds, as its claims say: for later {@link addressesOf}. */
	noteReleased(id: NetworkId, released: ReadonlyMap<Ipv4, ReleasedAddress>): void;
	/** @returns What a transaction expects that is to hold only while the cluster takes this host for alive. @throws {WeftError} TIMEOUT */
	whileAlive(): Promise<readonly Expect[]>;
	/** Of weft_gwbridge: its first address is the bridge's own. */
	readonly gatewaySubnet: Prefix;
	/** Ms since 1970. */
	now(): number;
	/** 64 hex digits. */
	randomId(): string;
}

/** It may be old: what is chosen by it is looked up before it is taken. */
export interface KnownAddresses {
	readonly used: ReadonlySet<Ipv4>;
	/** Those that nobody holds, and somebody held. */
	readonly released: ReadonlyMap<Ipv4, ReleasedAddress>;
}

/** @returns The value of an entry, as the type that its key says. @throws {WeftError} DATABASE_DAMAGED */
export function decode<T>({ key, value }: Entry): T {
	return readRecord<T>(key, value);
}

/** @returns Those of the entries that can be read: one that cannot does not keep anybody from working with the others. */
export function decodeAll<T>(entries: readonly Entry[]): T[] {
	return entries.flatMap((entry) => {
		try {
			return [decode<T>(entry)];
		} catch (error) {
			if (isWeftError(error, "DATABASE_DAMAGED")) return [];
			throw error;
		}
	});
}

export function encode(value: unknown): string {
	return JSON.stringify(value);
}
