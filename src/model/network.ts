import type { Ipv4 } from "./address.ts";
import type { Prefix } from "./prefix.ts";

/** 64 hex digits, as Docker's ids are. A unique head of it, or the name, is enough wherever a person types it. */
export type NetworkId = string;

/** A network as the store holds it at `networks/<id>`. Nothing in it changes after creation. */
export interface Network {
	readonly id: NetworkId;
	readonly name: string;
	/** A name in the driver registry: "overlay". */
	readonly driver: string;
	readonly vni: number;
	readonly subnet: Prefix;
	/** Automatic addresses come from here only; the whole subnet when omitted. */
	readonly ipRange?: Prefix;
	/** br0's own address. */
	readonly gateway: Ipv4;
	/** Addresses that are never handed out, by the name the user gave them. */
	readonly auxAddresses: Readonly<Record<string, Ipv4>>;
	/** No gateway bridge, no default route. */
	readonly internal: boolean;
	/** Overrides the MTU that follows from the underlay. */
	readonly mtuBytes?: number;
	readonly labels: Readonly<Record<string, string>>;
	/** ISO 8601, UTC. */
	readonly createdAt: string;
}

/** The first VNI that is handed out, as Docker's overlay does. */
export const firstVni = 256;
/** A VNI has 24 bits (RFC 7348, section 5). */
export const lastVni = 2 ** 24 - 1;

/** The name of the network's namespace: the same on every host, and the one that Docker's overlay uses. */
export function overlayNetns(id: NetworkId): string {
	return `1-${id.slice(0, 10)}`;
}
