import { type Ipv4, ipv4, type Mac } from "./address.ts";
import type { HostId } from "./host.ts";
import type { NetworkId } from "./network.ts";

/** Where a sandbox finds its name server. */
export const nameserver = ipv4("127.0.0.11");

/** 64 hex digits. */
export type EndpointId = string;

/** One sandbox in one network, as the store holds it at `endpoints/<network id>/<endpoint id>`. */
export interface Endpoint {
	readonly id: EndpointId;
	readonly networkId: NetworkId;
	readonly hostId: HostId;
	readonly sandboxId: SandboxId;
	/** The container's name: unique within the network. */
	readonly name: string;
	/** Several endpoints may bear the same alias. */
	readonly aliases: readonly string[];
	readonly address: Ipv4;
	readonly mac: Mac;
}

/** 64 hex digits: the container's id for a container of weft, else made by weft. */
export type SandboxId = string;

/** One endpoint as its own host sees it: what the cluster has no use for. */
export interface Attachment {
	readonly networkId: NetworkId;
	readonly endpointId: EndpointId;
	/** The host's end is `veth<port>` in the overlay's namespace: lowest free number in that network on this host. */
	readonly port: number;
	/** The container's end: "eth0", "eth1" … */
	readonly ifname: string;
	/** The network has a way out, and so has each sandbox in it: it is not internal. */
	readonly wayOut: boolean;
}

export type Withdrawn = Pick<Attachment, "networkId" | "endpointId">;

/** How a sandbox reaches the world: an address on weft_gwbridge. */
export interface GatewayAttachment {
	readonly address: Ipv4;
	readonly ifname: string;
}

/** A network namespace with endpoints, as its own host holds it in its local database at `sandboxes/<id>`. */
export interface Sandbox {
	readonly id: SandboxId;
	/** The name that a person gave, for messages; the container's name where there is one. */
	readonly name: string;
	/**
	 * The namespace: a name below /run/netns when weft made it (`weft run`), or an absolute path to a namespace
	 * that another program made (`/proc/4711/ns/net`, `/var/run/docker/netns/0123456789ab`).
	 */
	readonly netns: string;
	/** weft makes the namespace, and removes it with the sandbox. */
	readonly owned: boolean;
	/** SO_NETNS_COOKIE of a namespace that weft did not make: tells it from a later one at the same path. */
	readonly cookie?: string;
	readonly attachments: readonly Attachment[];
	/** Endpoints to be taken out of the store when it answers: connections that failed, and may have reached it all the same. */
	readonly withdrawn?: readonly Withdrawn[];
	/** There as long as one of the attachments has a way out. */
	readonly gateway?: GatewayAttachment;
}
