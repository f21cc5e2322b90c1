import type { Ipv4 } from "../model/address.ts";
import type { Attachment, Endpoint } from "../model/endpoint.ts";
import type { HostId } from "../model/host.ts";
import { type KernelState, kernelState, type NetnsRef, type Resource } from "../model/kernel-state.ts";
import type { Network } from "../model/network.ts";

/** What a driver may know beyond the network and the endpoint themselves. */
export interface DriverContext {
	readonly hostId: HostId;
	/** The MTU of the network's links on this host. */
	readonly mtuBytes: number;
	/** @returns undefined for a host that is not known (yet): nothing can be sent to it. */
	vtepOf(host: HostId): Ipv4 | undefined;
	/** @returns Where an endpoint of this host is plugged in; undefined when its sandbox is not there (yet). */
	localOf(endpoint: Endpoint): LocalPort | undefined;
}

/** The place of a local endpoint: its sandbox's namespace and its numbers there. */
export interface LocalPort {
	readonly attachment: Attachment;
	readonly netns: NetnsRef;
}

/**
 * A network driver: pure functions from what is wanted to what the kernel must hold.
 * In two parts, so that one more endpoint costs one endpoint; {@link compile} is their union.
 */
export interface Driver {
	readonly name: string;
	/** What the network itself needs on a host that has an endpoint in it. */
	compileNetwork(network: Network, context: DriverContext): Resource[];
	/** What one endpoint needs on this host, be it local or remote. */
	compileEndpoint(network: Network, endpoint: Endpoint, context: DriverContext): Resource[];
}

/** @returns All that this host's kernel must hold for `network`; nothing when none of the endpoints is local. */
export function compile(
	driver: Driver,
	network: Network,
	endpoints: readonly Endpoint[],
	context: DriverContext,
): KernelState {
	if (!endpoints.some((endpoint) => context.localOf(endpoint) !== undefined)) return new Map();
	return kernelState([
		...driver.compileNetwork(network, context),
		...endpoints.flatMap((endpoint) => driver.compileEndpoint(network, endpoint, context)),
	]);
}
