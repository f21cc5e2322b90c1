import type { Endpoint } from "../../model/endpoint.ts";
import type { HostId } from "../../model/host.ts";
import { type AddressClaim, keys, type VniClaim } from "../../model/keys.ts";
import type { Network } from "../../model/network.ts";
import type { Expect, Store, Write } from "../../store/store.ts";
import type { BackupRecord } from "./backup-text.ts";
import { asRead } from "./finding.ts";
import { readAddressClaim, readRecords, readVniClaim } from "./records.ts";

/** What a host knows of a cluster whose store is lost. */
export interface Remembered {
	readonly networks: readonly Network[];
	readonly endpoints: readonly Endpoint[];
	/** Hosts, networks and endpoints, and the names and claims that follow from them. */
	readonly records: readonly BackupRecord[];
}

/** @param copy A host's local copy: hosts, and the networks that it is in. What cannot be read is left out. */
export function remembered(copy: readonly BackupRecord[]): Remembered {
	const known = readRecords(copy.map((record) => ({ ...record, revision: 1 })));
	const hosts = [...known.hosts.values()].flatMap(({ entry, record }) => (record === undefined ? [] : [entry]));
	const networks = [...known.networks.values()].flatMap(({ record }) => record ?? []);
	const endpoints = networks.flatMap(({ id }) =>
		[...(known.endpoints.get(id)?.values() ?? [])].flatMap(({ record }) => record ?? []),
	);
	const puts = [...networks.flatMap(networkRecords), ...endpoints.flatMap(endpointRecords)];
	return { networks, endpoints, records: [...hosts.map(({ key, value }) => ({ key, value })), ...puts] };
}

function networkRecords(network: Network): BackupRecord[] {
	const { id, name, vni } = network;
	return [
		{ key: keys.network(id), value: JSON.stringify(network) },
		{ key: keys.networkName(name), value: id },
		{ key: keys.vni(vni), value: JSON.stringify({ network: id } satisfies VniClaim) },
	];
}

function endpointRecords(endpoint: Endpoint): BackupRecord[] {
	const { id, networkId, address, name } = endpoint;
	return [
		{ key: keys.endpoint(networkId, id), value: JSON.stringify(endpoint) },
		{ key: keys.address(networkId, address), value: JSON.stringify({ endpoint: id } satisfies AddressClaim) },
		{ key: keys.endpointName(networkId, name), value: id },
	];
}

/** What was put back, and what could not be: sentences for a person. */
export interface PutBack {
	readonly networks: number;
	readonly endpoints: number;
	readonly left: readonly string[];
}

/** Of one transaction: each takes seven operations at most. */
const atOnce = 8;

/**
 * Puts what a host remembers into a store that knows less: networks that are not there; its own endpoints, and those of hosts that
 * have not come yet, so that traffic with them goes on. What another one has by now stays its.
 */
export async function putBack(store: Store, { networks, endpoints }: Remembered, self: HostId): Promise<PutBack> {
	const left: string[] = [];
	const [known, alive] = await Promise.all([store.list(keys.networks), store.list(keys.alive)]);
	const there = new Set(known.entries.map(({ key }) => key.slice(keys.networks.length + 1)));
	const living = new Set(alive.entries.map(({ key }) => key.slice(keys.alive.length + 1)));
	const missing = networks.filter(({ id }) => !there.has(id));
	for (const network of missing) {
		if (await putNetwork(store, network)) there.add(network.id);
		else left.push(`network "${network.name}": its name or its VNI ${network.vni} is another's by now`);
	}
	const wanted = endpoints.filter(
		({ networkId, hostId }) => there.has(networkId) && (hostId === self || !living.has(hostId)),
	);
	let count = 0;
	for (let i = 0; i < wanted.length; i += atOnce) {
		const some = wanted.slice(i, i + atOnce);
		for (const group of (await putEndpoints(store, some)) === undefined ? some.map((one) => [one]) : []) {
			const [one] = group;
			if (one !== undefined && (await putEndpoints(store, group)) === undefined)
				left.push(`"${one.name}" at ${one.address}: its name or its address is another's by now`);
		}
		count += some.length;
	}
	return { networks: missing.length, endpoints: count - left.length, left };
}

const attempts = 16;

/** Expects what a new network expects. @returns Whether it is there. */
async function putNetwork(store: Store, network: Network): Promise<boolean> {
	const all = [keys.networksLock, keys.network(network.id), keys.networkName(network.name), keys.vni(network.vni)];
	const [, own = "", nameKey = "", vniKey = ""] = all;
	for (let run = 0; run < attempts; run++) {
		const entries = (await Promise.all(all.map((key) => store.get(key)))).flatMap((entry) => entry ?? []);
		const byKey = new Map(entries.map((entry) => [entry.key, entry]));
		if (byKey.has(own)) return true;
		const claim = readVniClaim(byKey.get(vniKey)?.value ?? "");
		if (byKey.has(nameKey) || (claim !== undefined && "network" in claim)) return false;
		const writes = [{ put: keys.networksLock, value: network.id }, ...networkRecords(network).map(toPut)];
		if ((await store.txn(asRead({ byKey }, ...all), writes)) !== undefined) return true;
	}
	return false;
}

/** @returns undefined when one of them cannot be put, or somebody was quicker. */
async function putEndpoints(store: Store, endpoints: readonly Endpoint[]): Promise<true | undefined> {
	const expect: Expect[] = [];
	const writes: Write[] = [];
	for (const endpoint of endpoints) {
		const { id, networkId, address, name } = endpoint;
		const all = [keys.endpoint(networkId, id), keys.address(networkId, address), keys.endpointName(networkId, name)];
		const entries = (await Promise.all(all.map((key) => store.get(key)))).flatMap((entry) => entry ?? []);
		const [own, claimKey = "", nameKey = ""] = all;
		if (entries.some(({ key }) => key === own)) continue;
		const byKey = new Map(entries.map((entry) => [entry.key, entry]));
		const claim = readAddressClaim(byKey.get(claimKey)?.value ?? "");
		if (byKey.has(nameKey) || (claim !== undefined && "endpoint" in claim)) return undefined;
		expect.push(...asRead({ byKey }, ...all));
		writes.push(...endpointRecords(endpoint).map(toPut));
	}
	if (writes.length === 0) return true;
	return (await store.txn(expect, writes)) === undefined ? undefined : true;
}

function toPut({ key, value }: BackupRecord): Write {
	return { put: key, value };
}
