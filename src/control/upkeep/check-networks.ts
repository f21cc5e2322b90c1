import { keys, type VniClaim } from "../../model/keys.ts";
import type { Network } from "../../model/network.ts";
import { asRead, deletion, type Finding, type Mend, short } from "./finding.ts";
import { type Kept, type Records, readVniClaim } from "./records.ts";

/** @yields What contradicts itself in the networks, their names and their VNIs. */
export function* checkNetworks(records: Records, nowMs: number): Iterable<Finding> {
	for (const [id, { entry, record }] of records.networks)
		if (record === undefined) yield unreadable(records, id, entry.key);
	yield* checkNames(records);
	yield* checkVnis(records, nowMs);
	yield* findRemains(records);
}

function unreadable(records: Records, id: string, key: string): Finding {
	const message = `network ${short(id)} cannot be read`;
	if ((records.endpoints.get(id)?.size ?? 0) > 0)
		return { code: "RECORD_UNREADABLE", key, message, fix: "weft store restore FILE puts a backup in its place" };
	const mend: Mend = {
		does: "removes it: nothing is connected to it",
		expect: asRead(records, key, keys.networkActivity(id)),
		writes: [{ delete: key }],
	};
	return { code: "RECORD_UNREADABLE", key, message, mend };
}

/** @returns The one that has what several claim: whom the claim names, else the oldest. */
function ownerOf(claimants: readonly Kept<Network>[], claimed: string | undefined): Kept<Network> | undefined {
	const named = claimants.find(({ record }) => record?.id === claimed);
	return named ?? claimants.toSorted((a, b) => a.entry.revision - b.entry.revision)[0];
}

function grouped<K>(records: Records, by: (network: Network) => K): Map<K, Kept<Network>[]> {
	const groups = new Map<K, Kept<Network>[]>();
	for (const kept of records.networks.values()) {
		if (kept.record === undefined) continue;
		const key = by(kept.record);
		groups.set(key, [...(groups.get(key) ?? []), kept]);
	}
	return groups;
}

/** @yields A finding for each but the owner: which of two networks may stay is for a person to say. */
function* twins(code: Finding["code"], what: string, all: readonly Kept<Network>[], owner: Kept<Network>) {
	for (const { entry, record } of all)
		if (record !== undefined && entry !== owner.entry)
			yield {
				code,
				key: entry.key,
				message: `network ${short(record.id)} has ${what}, as ${short(owner.record?.id ?? "")} has`,
				fix: `weft network rm ${record.id}`,
			} satisfies Finding;
}

function* checkNames(records: Records): Iterable<Finding> {
	const wanted = new Set<string>();
	for (const [name, all] of grouped(records, (network) => network.name)) {
		const key = keys.networkName(name);
		wanted.add(key);
		const owner = ownerOf(all, records.byKey.get(key)?.value);
		if (owner?.record === undefined) continue;
		yield* twins("NETWORK_NAME_TWICE", `the name "${name}"`, all, owner);
		const { id } = owner.record;
		const value = records.byKey.get(key)?.value;
		if (value === id) continue;
		const mend: Mend = {
			does: `lets it mean ${short(id)}`,
			expect: asRead(records, key, owner.entry.key),
			writes: [{ put: key, value: id }],
		};
		const means = value === undefined ? "means nothing" : `means ${short(value)}`;
		yield {
			code: "NETWORK_NAME_MISSING",
			key,
			message: `network ${short(id)} has the name "${name}", which ${means}`,
			mend,
		};
	}
	const prefix = keys.networkName("");
	for (const entry of records.byKey.values()) {
		if (!entry.key.startsWith(prefix) || wanted.has(entry.key)) continue;
		const meant = records.networks.get(entry.value);
		if (meant !== undefined && meant.record === undefined) continue;
		const mend = deletion(entry, "removes the name", asRead(records, keys.network(entry.value)));
		const message = `the name "${entry.key.slice(prefix.length)}" means ${short(entry.value)}, and no network of that id has it`;
		yield { code: "NETWORK_NAME_STALE", key: entry.key, message, mend };
	}
}

function* checkVnis(records: Records, nowMs: number): Iterable<Finding> {
	const wanted = new Set<string>();
	for (const [vni, all] of grouped(records, (network) => network.vni)) {
		const key = keys.vni(vni);
		wanted.add(key);
		const held = holderOf(records, key);
		const owner = ownerOf(all, held);
		if (owner?.record === undefined) continue;
		yield* twins("VNI_TWICE", `the VNI ${vni}`, all, owner);
		const { id } = owner.record;
		if (held === id) continue;
		const mend: Mend = {
			does: `claims it for ${short(id)}`,
			expect: asRead(records, key, owner.entry.key),
			writes: [{ put: key, value: JSON.stringify({ network: id } satisfies VniClaim) }],
		};
		yield {
			code: "VNI_CLAIM_MISSING",
			key,
			message: `network ${short(id)} has VNI ${vni}, which it does not hold`,
			mend,
		};
	}
	for (const entry of records.byKey.values()) {
		if (!entry.key.startsWith(`${keys.vnis}/`) || wanted.has(entry.key)) continue;
		const claim = readVniClaim(entry.value);
		if (claim !== undefined && "releasedAt" in claim) continue;
		const id = claim?.network;
		if (id !== undefined) {
			const holder = records.networks.get(id);
			if (holder !== undefined && holder.record === undefined) continue;
		}
		const mend: Mend = {
			does: "gives it back",
			expect: asRead(records, entry.key, ...(id === undefined ? [] : [keys.network(id)])),
			writes: [{ put: entry.key, value: JSON.stringify({ releasedAt: nowMs, of: id ?? "" } satisfies VniClaim) }],
		};
		const vni = entry.key.slice(keys.vnis.length + 1);
		yield id === undefined
			? { code: "RECORD_UNREADABLE", key: entry.key, message: `the claim of VNI ${vni} cannot be read`, mend }
			: {
					code: "VNI_CLAIM_STALE",
					key: entry.key,
					message: `VNI ${vni} is held by network ${short(id)}, which has it not`,
					mend,
				};
	}
}

function holderOf({ byKey }: Records, key: string): string | undefined {
	const entry = byKey.get(key);
	const claim = entry === undefined ? undefined : readVniClaim(entry.value);
	return claim !== undefined && "network" in claim ? claim.network : undefined;
}

/** What stands below the id of a network that is gone: its endpoints are findings of their own. */
function* findRemains(records: Records): Iterable<Finding> {
	const remains = new Map<string, number>();
	const belowNetwork = /^(?:ipam|fences|activity|names\/endpoint)\/([^/]+)/;
	for (const key of records.byKey.keys()) {
		const id = belowNetwork.exec(key)?.[1];
		if (id !== undefined && !records.networks.has(id)) remains.set(id, (remains.get(id) ?? 0) + 1);
	}
	for (const [id, count] of remains) {
		const mend: Mend = {
			does: "removes them",
			// Nobody can come into a network that is not there: this alone keeps it so.
			expect: asRead(records, keys.network(id)),
			writes: [
				{ deletePrefix: keys.addresses(id) },
				{ deletePrefix: keys.endpointNames(id) },
				{ deletePrefix: keys.fences(id) },
				{ delete: keys.networkActivity(id) },
			],
		};
		const things = count === 1 ? "1 record is" : `${count} records are`;
		yield {
			code: "NETWORK_REMAINS",
			key: keys.network(id),
			message: `${things} left of network ${short(id)}, which is gone`,
			mend,
		};
	}
}
