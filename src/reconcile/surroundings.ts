import { type ForwardFilter, gatewayBridge } from "../drivers/forward.ts";
import type { HostFacts } from "../kernel/kernel.ts";
import type { Ipv4 } from "../model/address.ts";

/** What of a host's own namespace belongs to others, and is to be reckoned with. */
export interface Surroundings {
	readonly forwardFilters: readonly ForwardFilter[];
	/** The interfaces that lead out of the host, sorted. */
	readonly uplinks: readonly string[];
}

/** @param vtep The address on the underlay's interface. */
export function surroundingsOf({ forwardFilters, links, routes }: HostFacts, vtep: Ipv4): Surroundings {
	// Others' bridges for containers and machines hold networks of their own, and no gateway to more.
	const leading = routes.filter(({ via }) => via !== undefined).map(({ dev }) => dev);
	const underlay = links.filter(({ addresses }) => addresses.includes(vtep)).map(({ name }) => name);
	const uplinks = new Set([...leading, ...underlay].filter((name) => name !== gatewayBridge));
	return { forwardFilters, uplinks: [...uplinks].sort() };
}
