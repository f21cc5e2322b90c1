import { keys } from "../../model/keys.ts";
import type { Snapshot } from "../../store/store.ts";
import { checkEndpoints } from "./check-endpoints.ts";
import { checkNetworks } from "./check-networks.ts";
import { asRead, deletion, type Finding, short } from "./finding.ts";
import { isReadable, type Records, readRecords } from "./records.ts";

/** @returns All that contradicts itself in a store; nothing when it is sound. @param nowMs Ms since 1970. */
export function checkSnapshot({ entries }: Pick<Snapshot, "entries">, nowMs: number): Finding[] {
	const records = readRecords(entries);
	return [
		...checkFreeze(records),
		...checkHosts(records),
		...checkTokens(records),
		...checkNetworks(records, nowMs),
		...checkEndpoints(records, nowMs),
		...checkFences(records),
	];
}

function* checkFreeze({ byKey }: Records): Iterable<Finding> {
	if (byKey.has(keys.moving))
		yield {
			code: "STORE_FROZEN",
			key: keys.moving,
			message: "the cluster's state is being moved or restored, and cannot be changed",
			fix: "wait until it is done; weft store migrate --abort ends one that nobody goes on with",
		};
}

const restart = "start the agent of that host again: it writes its record anew";

function* checkHosts(records: Records): Iterable<Finding> {
	for (const [id, { entry, record }] of records.hosts) {
		if (record !== undefined) continue;
		const message = `host ${short(id)} cannot be read`;
		const isNeeded = records.byKey.has(keys.aliveHost(id)) || endpointsOn(records, id);
		yield isNeeded
			? { code: "RECORD_UNREADABLE", key: entry.key, message, fix: restart }
			: {
					code: "RECORD_UNREADABLE",
					key: entry.key,
					message,
					mend: deletion(entry, "removes it: nothing is on it", asRead(records, keys.aliveHost(id))),
				};
	}
	for (const { key, value } of records.byKey.values()) {
		if (!key.startsWith(`${keys.alive}/`)) continue;
		const id = key.slice(keys.alive.length + 1);
		if (!records.hosts.has(id))
			yield {
				code: "HOST_RECORD_MISSING",
				key: keys.host(id),
				message: `host ${short(id)} lives, and has no record`,
				fix: restart,
			};
		if (!isReadable(value))
			yield { code: "RECORD_UNREADABLE", key, message: `the life of host ${short(id)} cannot be read`, fix: restart };
	}
}

function endpointsOn({ endpoints }: Records, hostId: string): boolean {
	return [...endpoints.values()].some((all) => [...all.values()].some(({ record }) => record?.hostId === hostId));
}

function* checkTokens({ byKey }: Records): Iterable<Finding> {
	for (const entry of byKey.values())
		if (entry.key.startsWith(`${keys.tokens}/`) && !isReadable(entry.value))
			yield {
				code: "RECORD_UNREADABLE",
				key: entry.key,
				message: "a join token cannot be read",
				mend: deletion(entry, "removes it"),
			};
}

/** A host that is gone sends nothing late any more. */
function* checkFences(records: Records): Iterable<Finding> {
	for (const entry of records.byKey.values()) {
		const [, network = "", host = ""] = /^fences\/([^/]+)\/([^/]+)$/.exec(entry.key) ?? [];
		if (host === "" || !records.networks.has(network)) continue;
		const [record, alive] = [keys.host(host), keys.aliveHost(host)];
		if (records.byKey.has(record) || records.byKey.has(alive)) continue;
		yield {
			code: "FENCE_LEFT",
			key: entry.key,
			message: `host ${short(host)}, which is gone, has a fence in network ${short(network)}`,
			mend: deletion(entry, "removes it", asRead(records, record, alive)),
		};
	}
}
