import type { Sandbox } from "../model/endpoint.ts";
import type { Host } from "../model/host.ts";
import type { Prefix } from "../model/prefix.ts";
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
	/** Of weft_gwbridge: its first address is the bridge's own. */
	readonly gatewaySubnet: Prefix;
	/** Ms since 1970. */
	now(): number;
	/** 64 hex digits. */
	randomId(): string;
}

/** @returns The value of an entry, as the type that its key says. Only weft writes below weft's keys. */
export function decode<T>(entry: Entry): T {
	return JSON.parse(entry.value) as T;
}

export function encode(value: unknown): string {
	return JSON.stringify(value);
}
