import type { Ipv4 } from "../model/address.ts";
import type { EndpointId, SandboxId } from "../model/endpoint.ts";
import type { NetnsRef } from "../model/kernel-state.ts";
import type { NetworkId } from "../model/network.ts";
import type { Prefix } from "../model/prefix.ts";
import { isAddress, isBoolean, isListOf, isPrefix, isRecordOf, isText, maybe } from "../model/shape.ts";

/** One endpoint as names know it. */
export interface NamedEndpoint {
	readonly name: string;
	readonly aliases: readonly string[];
	readonly address: Ipv4;
	/** On the same host as the one who asks: answered first. */
	readonly local: boolean;
}

/** A sandbox that is to have a name server at 127.0.0.11. */
export interface NamedSandbox {
	readonly netns: NetnsRef;
	readonly networks: readonly NetworkId[];
}

/** One change of the picture; a value that is absent takes the thing away. All that there is makes a whole picture. */
export type PictureChange =
	| { readonly network: NetworkId; readonly value?: { readonly name: string; readonly subnet: Prefix } }
	| { readonly endpoint: EndpointId; readonly in: NetworkId; readonly value?: NamedEndpoint }
	| { readonly sandbox: SandboxId; readonly value?: NamedSandbox };

const isNetwork = maybe(isRecordOf({ name: isText, subnet: isPrefix }));
const isEndpoint = maybe(isRecordOf({ name: isText, aliases: isListOf(isText), address: isAddress, local: isBoolean }));
const isSandbox = maybe(isRecordOf({ netns: isText, networks: isListOf(isText) }));
const forms = [
	isRecordOf({ network: isText, value: isNetwork }),
	isRecordOf({ endpoint: isText, in: isText, value: isEndpoint }),
	isRecordOf({ sandbox: isText, value: isSandbox }),
];

export function isPictureChange(value: unknown): value is PictureChange {
	return forms.some((fits) => fits(value));
}

/** Whose a name is. Most have one holder, and ten thousand sets of one are megabytes. */
export type Holders = NamedEndpoint | Set<NamedEndpoint>;

export interface NetworkNames {
	name: string;
	/** What may stand behind a name of this network: a dot and its own name, in lower case. */
	suffix: string;
	subnet: Prefix;
	readonly endpoints: Map<EndpointId, NamedEndpoint>;
	/** By name and alias, in lower case. */
	readonly byName: Map<string, Holders>;
	readonly byAddress: Map<Ipv4, NamedEndpoint>;
}

/** All names that this host can be asked for. A change costs the same with ten names and with ten thousand. */
export class Picture {
	readonly sandboxes = new Map<SandboxId, NamedSandbox>();
	readonly #networks = new Map<NetworkId, NetworkNames>();

	apply(change: PictureChange): void {
		if ("network" in change) this.#setNetwork(change.network, change.value);
		else if ("endpoint" in change) this.#setEndpoint(change.in, change.endpoint, change.value);
		else if (change.value === undefined) this.sandboxes.delete(change.sandbox);
		else this.sandboxes.set(change.sandbox, change.value);
	}

	/** @returns The changes that make this picture out of an empty one. */
	*changes(): Iterable<PictureChange> {
		for (const [network, { name, subnet, endpoints }] of this.#networks) {
			yield { network, value: { name, subnet } };
			for (const [endpoint, value] of endpoints) yield { endpoint, in: network, value };
		}
		for (const [sandbox, value] of this.sandboxes) yield { sandbox, value };
	}

	/** @returns The networks that a sandbox is in and that are known. */
	networksOf(id: SandboxId): NetworkNames[] {
		const { networks = [] } = this.sandboxes.get(id) ?? {};
		return networks.map((network) => this.#networks.get(network)).filter((network) => network !== undefined);
	}

	#network(id: NetworkId): NetworkNames {
		let network = this.#networks.get(id);
		if (network === undefined) {
			network = {
				name: "",
				suffix: ".",
				subnet: "0.0.0.0/32" as Prefix,
				endpoints: new Map(),
				byName: new Map(),
				byAddress: new Map(),
			};
			this.#networks.set(id, network);
		}
		return network;
	}

	#setNetwork(id: NetworkId, value: { name: string; subnet: Prefix } | undefined): void {
		if (value === undefined) this.#networks.delete(id);
		else Object.assign(this.#network(id), value, { suffix: `.${value.name.toLowerCase()}` });
	}

	#setEndpoint(networkId: NetworkId, id: EndpointId, value: NamedEndpoint | undefined): void {
		const network = this.#network(networkId);
		const old = network.endpoints.get(id);
		if (old !== undefined) {
			for (const name of namesOf(old)) release(network.byName, name, old);
			if (network.byAddress.get(old.address) === old) network.byAddress.delete(old.address);
			network.endpoints.delete(id);
		}
		if (value === undefined) return;
		network.endpoints.set(id, value);
		network.byAddress.set(value.address, value);
		for (const name of namesOf(value)) hold(network.byName, name, value);
	}
}

function hold(byName: Map<string, Holders>, name: string, endpoint: NamedEndpoint): void {
	const holders = byName.get(name);
	if (holders instanceof Set) holders.add(endpoint);
	else byName.set(name, holders === undefined ? endpoint : new Set([holders, endpoint]));
}

function release(byName: Map<string, Holders>, name: string, endpoint: NamedEndpoint): void {
	const holders = byName.get(name);
	if (holders instanceof Set) {
		holders.delete(endpoint);
		const [only] = holders;
		if (holders.size === 1 && only !== undefined) byName.set(name, only);
	} else byName.delete(name);
}

/** @returns Each once: an alias may repeat the name. */
function namesOf({ name, aliases }: NamedEndpoint): Iterable<string> {
	return new Set([name, ...aliases].map((one) => one.toLowerCase()));
}
