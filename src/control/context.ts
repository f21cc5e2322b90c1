import type { Ipv4 } from "../model/address.ts";
import type { Sandbox } from "../model/endpoint.ts";
import { isWeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import type { Network, NetworkId } from "../model/network.ts";
import type { Prefix } from "../model/prefix.ts";
import { readRecord } from "../model/records.ts";
import type { Entry, Store } from "../store/store.ts";

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
	/** When those that rest were released (ms since 1970). */
	readonly released: ReadonlyMap<Ipv4, number>;
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
