import { parseIpv4, parseMac } from "../../model/address.ts";
import type { Endpoint, EndpointId } from "../../model/endpoint.ts";
import type { Host, HostId } from "../../model/host.ts";
import { type AddressClaim, keys, type VniClaim } from "../../model/keys.ts";
import type { Network, NetworkId } from "../../model/network.ts";
import { parsePrefix } from "../../model/prefix.ts";
import type { Entry } from "../../store/store.ts";

/** A record with the entry that it stands in. */
export interface Kept<T> {
	readonly entry: Entry;
	/** undefined: it cannot be read, or is not what its key says. */
	readonly record: T | undefined;
}

/** All of a store's records, by what their keys say. Nothing is taken for granted about their values. */
export interface Records {
	readonly byKey: ReadonlyMap<string, Entry>;
	readonly hosts: ReadonlyMap<HostId, Kept<Host>>;
	readonly networks: ReadonlyMap<NetworkId, Kept<Network>>;
	/** Also of networks that are gone. */
	readonly endpoints: ReadonlyMap<NetworkId, ReadonlyMap<EndpointId, Kept<Endpoint>>>;
	/** The claims of addresses, by network. */
	readonly claims: ReadonlyMap<NetworkId, readonly Entry[]>;
	/** The names of endpoints, by network. */
	readonly names: ReadonlyMap<NetworkId, readonly Entry[]>;
}

export function readRecords(entries: readonly Entry[]): Records {
	const hosts = new Map<HostId, Kept<Host>>();
	const networks = new Map<NetworkId, Kept<Network>>();
	const endpoints = new Map<NetworkId, Map<EndpointId, Kept<Endpoint>>>();
	const claims = new Map<NetworkId, Entry[]>();
	const names = new Map<NetworkId, Entry[]>();
	const add = (lists: Map<NetworkId, Entry[]>, id: NetworkId, entry: Entry) => {
		const list = lists.get(id);
		if (list === undefined) lists.set(id, [entry]);
		else list.push(entry);
	};
	for (const entry of entries) {
		const [kind, id = "", endpointId = ""] = entry.key.split("/");
		if (kind === "ipam") add(claims, id, entry);
		if (kind === "names" && id === "endpoint") add(names, endpointId, entry);
		if (kind === keys.hosts) hosts.set(id, { entry, record: readHost(entry.value, id) });
		else if (kind === keys.networks) networks.set(id, { entry, record: readNetwork(entry.value, id) });
		else if (kind === keys.allEndpoints) {
			const known = endpoints.get(id) ?? new Map<EndpointId, Kept<Endpoint>>();
			endpoints.set(id, known.set(endpointId, { entry, record: readEndpoint(entry.value, id, endpointId) }));
		}
	}
	return { byKey: new Map(entries.map((entry) => [entry.key, entry])), hosts, networks, endpoints, claims, names };
}

type Fields = Readonly<Record<string, unknown>>;

/** @returns undefined for what is no JSON object. */
function fieldsOf(value: string): Fields | undefined {
	try {
		const parsed: unknown = JSON.parse(value);
		return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? (parsed as Fields) : undefined;
	} catch {
		return undefined;
	}
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isAddress = (value: unknown) => typeof value === "string" && parseIpv4(value) !== undefined;
const isPrefix = (value: unknown) => typeof value === "string" && parsePrefix(value) !== undefined;
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isList = (value: unknown, isItem: (item: unknown) => boolean) => Array.isArray(value) && value.every(isItem);

function isTable(value: unknown, isItem: (item: unknown) => boolean): boolean {
	return typeof value === "object" && value !== null && Object.values(value).every(isItem);
}

function readHost(value: string, id: HostId): Host | undefined {
	const fields = fieldsOf(value);
	const isHost =
		fields?.["id"] === id &&
		isText(fields["name"]) &&
		isAddress(fields["vtep"]) &&
		isWhole(fields["agentPort"]) &&
		isWhole(fields["underlayMtuBytes"]) &&
		isList(fields["routes"], isPrefix);
	return isHost ? (fields as unknown as Host) : undefined;
}

function readNetwork(value: string, id: NetworkId): Network | undefined {
	const fields = fieldsOf(value);
	const isNetwork =
		fields?.["id"] === id &&
		isText(fields["name"]) &&
		isText(fields["driver"]) &&
		isWhole(fields["vni"]) &&
		isPrefix(fields["subnet"]) &&
		(fields["ipRange"] === undefined || isPrefix(fields["ipRange"])) &&
		isAddress(fields["gateway"]) &&
		isTable(fields["auxAddresses"], isAddress) &&
		isTable(fields["labels"], (label) => typeof label === "string") &&
		typeof fields["internal"] === "boolean";
	return isNetwork ? (fields as unknown as Network) : undefined;
}

function readEndpoint(value: string, networkId: NetworkId, id: EndpointId): Endpoint | undefined {
	const fields = fieldsOf(value);
	const isEndpoint =
		fields?.["id"] === id &&
		fields["networkId"] === networkId &&
		isText(fields["hostId"]) &&
		isText(fields["sandboxId"]) &&
		isText(fields["name"]) &&
		isList(fields["aliases"], isText) &&
		isAddress(fields["address"]) &&
		typeof fields["mac"] === "string" &&
		parseMac(fields["mac"]) !== undefined;
	return isEndpoint ? (fields as unknown as Endpoint) : undefined;
}

export function readAddressClaim(value: string): AddressClaim | undefined {
	const fields = fieldsOf(value);
	if (isText(fields?.["endpoint"])) return { endpoint: fields["endpoint"] };
	return isWhole(fields?.["releasedAt"]) ? { releasedAt: fields["releasedAt"] } : undefined;
}

export function readVniClaim(value: string): VniClaim | undefined {
	const fields = fieldsOf(value);
	if (isText(fields?.["network"])) return { network: fields["network"] };
	const of = isText(fields?.["of"]) ? fields["of"] : "";
	return isWhole(fields?.["releasedAt"]) ? { releasedAt: fields["releasedAt"], of } : undefined;
}

/** Whether a value is a JSON object: all that is asked of records that nothing else depends on. */
export function isReadable(value: string): boolean {
	return fieldsOf(value) !== undefined;
}
