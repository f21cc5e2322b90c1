import type { Ipv4 } from "./address.ts";
import type { EndpointId, SandboxId } from "./endpoint.ts";
import type { HostId } from "./host.ts";
import type { NetworkId } from "./network.ts";

/** Where each record stands in the cluster's store. Ids and addresses hold no slash. */
export const keys = {
	/** A `Host`: stays when the host's lease ends, so that its endpoints keep their place. */
	hosts: "hosts",
	host: (id: HostId) => `hosts/${id}`,
	/** A `Liveness`, under the host's lease. */
	alive: "alive",
	aliveHost: (id: HostId) => `alive/${id}`,
	/** A `Gone`: the host was taken for dead, and its endpoints were reclaimed. It goes as the host comes back. */
	gone: "gone",
	goneHost: (id: HostId) => `gone/${id}`,
	/** A `Network`. */
	networks: "networks",
	network: (id: NetworkId) => `networks/${id}`,
	/** The id of the network of that name. */
	networkName: (name: string) => `names/network/${name}`,
	/** A `VniClaim` for each VNI that a network has, or had until lately. */
	vnis: "vnis",
	vni: (vni: number) => `vnis/${vni}`,
	/** Written by every change of the list of networks, so that two such changes never pass each other unseen. */
	networksLock: "locks/networks",
	/** Written by every join, so that a removal of the network knows whether one came in between. */
	networkActivity: (id: NetworkId) => `activity/${id}`,
	/** Written by a host that takes back joins of which it does not know whether they happened: one that comes late expects it as it was. */
	fences: (id: NetworkId) => `fences/${id}`,
	fence: (id: NetworkId, host: HostId) => `fences/${id}/${host}`,
	/** Written by whoever takes an endpoint of another host out by force: that host is not to bring it back. */
	removed: (host: HostId) => `removed/${host}`,
	removedEndpoint: (host: HostId, endpoint: EndpointId) => `removed/${host}/${endpoint}`,
	/** An `AddressClaim` for each address that is held, or was until lately. */
	addresses: (id: NetworkId) => `ipam/${id}`,
	address: (id: NetworkId, address: Ipv4) => `ipam/${id}/${address}`,
	/** The id of the endpoint of that name (in lower case: DNS names are). */
	endpointNames: (id: NetworkId) => `names/endpoint/${id}`,
	endpointName: (id: NetworkId, name: string) => `names/endpoint/${id}/${name.toLowerCase()}`,
	/** A `PathQuestion` to a host, by the host that asks; and its `PathAnswer`. They stand for the seconds of a test. */
	pathQuestions: (to: HostId) => `paths/asked/${to}`,
	pathQuestion: (to: HostId, from: HostId) => `paths/asked/${to}/${from}`,
	pathAnswers: (to: HostId) => `paths/answered/${to}`,
	pathAnswer: (to: HostId, from: HostId) => `paths/answered/${to}/${from}`,
	/** Written by a host that is launched, and gone at once: that it may. */
	rightsCheck: (id: HostId) => `launches/${id}`,
	/** A `TokenRecord` at the hash of each join token's secret. */
	tokens: "tokens",
	/** A `Move`, while the cluster's state goes to another store, and after it went: nobody else writes while it is there. */
	moving: "moving",
	/** An `Endpoint`. */
	allEndpoints: "endpoints",
	endpoints: (id: NetworkId) => `endpoints/${id}`,
	endpoint: (id: NetworkId, endpoint: EndpointId) => `endpoints/${id}/${endpoint}`,
} as const;

/** Where each record stands in the host's own database. */
export const localKeys = {
	/** A `Sandbox`. */
	sandboxes: "sandboxes",
	sandbox: (id: SandboxId) => `sandboxes/${id}`,
	/** What was last known of the cluster, key by key: for the time when the store is away. */
	copy: "copy",
	/** What this host itself put into the cluster, for the case that the cluster loses it: the `Endpoint`s of its sandboxes, and their `Network`s. */
	own: "own",
	/** The host's identity and settings. */
	identity: "identity",
	/** A `StoreChange` that is to be applied at the next start of the agent's parts. */
	storeChange: "store-change",
} as const;

/** An address that nobody holds: since when (ms since 1970), and the dead host that it was taken from, if it was. */
export interface ReleasedAddress {
	readonly releasedAt: number;
	readonly reclaimedFrom?: HostId;
}

/** The value at an address: who holds it, or since when nobody does. */
export type AddressClaim = { readonly endpoint: EndpointId } | ReleasedAddress;

/** The value at a VNI: the network that has it, or since when none does (ms since 1970), and which one had it. */
export type VniClaim = { readonly network: NetworkId } | { readonly releasedAt: number; readonly of: NetworkId };
