import { checkAddress } from "../../ipam/allocate.ts";
import type { Ipv4 } from "../../model/address.ts";
import type { Endpoint, EndpointId } from "../../model/endpoint.ts";
import { isWeftError } from "../../model/error.ts";
import { type AddressClaim, keys } from "../../model/keys.ts";
import type { Network, NetworkId } from "../../model/network.ts";
import type { Entry, Expect, Write } from "../../store/store.ts";
import { asRead, deletion, type Finding, type FindingCode, short } from "./finding.ts";
import { type Kept, type Records, readAddressClaim } from "./records.ts";

/** @yields What contradicts itself in the endpoints of all networks, their addresses and their names. */
export function* checkEndpoints(records: Records, nowMs: number): Iterable<Finding> {
	const gone = [...records.endpoints].filter(([id]) => !records.networks.has(id));
	for (const [networkId, endpoints] of gone)
		for (const [id, { entry }] of endpoints)
			yield {
				code: "ENDPOINT_NETWORK_GONE",
				key: entry.key,
				message: `endpoint ${short(id)} is in network ${short(networkId)}, which is gone`,
				mend: deletion(entry, "removes it", asRead(records, keys.network(networkId))),
			};
	for (const networkId of records.networks.keys()) yield* new NetworkCheck(records, networkId, nowMs).findings();
}

interface Doomed {
	readonly code: FindingCode;
	readonly why: string;
	/** What else it was found by. */
	readonly expect: readonly Expect[];
}

/** One network: who may stay, what those must hold, and what nobody holds. */
class NetworkCheck {
	readonly #records: Records;
	readonly #id: NetworkId;
	readonly #network: Network | undefined;
	readonly #nowMs: number;
	readonly #endpoints: ReadonlyMap<EndpointId, Kept<Endpoint>>;
	readonly #claims: readonly Entry[];
	readonly #names: readonly Entry[];
	readonly #doomed = new Map<EndpointId, Doomed>();
	/** Of those that stay: the endpoint that each claim and each name belongs to. */
	readonly #owners = new Map<string, EndpointId>();

	constructor(records: Records, id: NetworkId, nowMs: number) {
		this.#records = records;
		this.#id = id;
		this.#network = records.networks.get(id)?.record;
		this.#nowMs = nowMs;
		this.#endpoints = records.endpoints.get(id) ?? new Map();
		this.#claims = records.claims.get(id) ?? [];
		this.#names = records.names.get(id) ?? [];
	}

	*findings(): Iterable<Finding> {
		this.#choose();
		for (const [id, doomed] of this.#doomed) yield this.#removal(id, doomed);
		for (const [key, id] of this.#owners) {
			const missing = this.#missing(key, id);
			if (missing !== undefined) yield missing;
		}
		for (const entry of this.#claims) yield* this.#staleClaim(entry);
		for (const entry of this.#names) yield* this.#staleName(entry);
	}

	/** Who holds both its address and its name goes before who does not, then the older one. */
	#choose(): void {
		const claimsOf = (id: EndpointId, { address, name }: Endpoint) =>
			[keys.address(this.#id, address), keys.endpointName(this.#id, name)].filter((key) => this.#holder(key) === id)
				.length;
		const ranked = [...this.#endpoints].flatMap(([id, { entry, record }]) => {
			const doomed = this.#reasonToGo(record);
			if (doomed !== undefined) this.#doomed.set(id, doomed);
			return doomed !== undefined || record === undefined ? [] : [{ id, entry, record, claims: claimsOf(id, record) }];
		});
		ranked.sort(
			(a, b) => b.claims - a.claims || a.entry.revision - b.entry.revision || (a.entry.key < b.entry.key ? -1 : 1),
		);
		for (const { id, record } of ranked) {
			const [claim, name] = [keys.address(this.#id, record.address), keys.endpointName(this.#id, record.name)];
			const taken = this.#owners.has(claim) ? claim : this.#owners.has(name) ? name : undefined;
			if (taken === undefined) this.#owners.set(claim, id).set(name, id);
			else this.#doomed.set(id, this.#lostTo(taken === claim, this.#owners.get(taken) ?? "", record));
		}
	}

	#lostTo(byAddress: boolean, winner: EndpointId, { address, name }: Endpoint): Doomed {
		return {
			code: byAddress ? "ENDPOINT_ADDRESS_TWICE" : "ENDPOINT_NAME_TWICE",
			why: `has the ${byAddress ? `address ${address}` : `name "${name}"`}, as ${short(winner)} has`,
			expect: asRead(this.#records, keys.endpoint(this.#id, winner)),
		};
	}

	#reasonToGo(endpoint: Endpoint | undefined): Doomed | undefined {
		if (endpoint === undefined) return { code: "RECORD_UNREADABLE", why: "cannot be read", expect: [] };
		const { hostId, address } = endpoint;
		const [host, alive] = [keys.host(hostId), keys.aliveHost(hostId)];
		if (!this.#records.byKey.has(host) && !this.#records.byKey.has(alive))
			return {
				code: "ENDPOINT_HOST_GONE",
				why: `is on host ${short(hostId)}, which is gone`,
				expect: asRead(this.#records, host, alive),
			};
		if (this.#network === undefined) return undefined;
		try {
			checkAddress(this.#network, address, new Set());
			return undefined;
		} catch (error) {
			if (!isWeftError(error)) throw error;
			const why = `has the address ${address}, which no container of ${this.#network.subnet} can have`;
			return { code: "ENDPOINT_ADDRESS_INVALID", why, expect: asRead(this.#records, keys.network(this.#id)) };
		}
	}

	/** Whom a claim or a name belongs to by what it says. */
	#holder(key: string): EndpointId | undefined {
		const value = this.#records.byKey.get(key)?.value;
		if (value === undefined || key.startsWith(keys.endpointNames(this.#id))) return value;
		const claim = readAddressClaim(value);
		return claim !== undefined && "endpoint" in claim ? claim.endpoint : undefined;
	}

	/** Takes an endpoint out with what it holds, but for what another one is to have. */
	#removal(id: EndpointId, { code, why, expect }: Doomed): Finding {
		const key = keys.endpoint(this.#id, id);
		const holds = (entries: readonly Entry[]) =>
			entries.filter((entry) => this.#holder(entry.key) === id && !this.#owners.has(entry.key));
		const [claims, names] = [holds(this.#claims), holds(this.#names)];
		const written = [key, ...[...claims, ...names].map((entry) => entry.key)];
		const writes: Write[] = [
			{ delete: key },
			...claims.map((entry) => this.#release(entry.key)),
			...names.map((entry) => ({ delete: entry.key })),
		];
		const does = "disconnects it; its host connects it anew if it can";
		const mend = { does, expect: [...asRead(this.#records, ...written), ...expect], writes };
		return { code, key, message: `endpoint ${short(id)} ${why}`, mend };
	}

	#release(key: string): Write {
		return { put: key, value: JSON.stringify({ releasedAt: this.#nowMs } satisfies AddressClaim) };
	}

	#missing(key: string, id: EndpointId): Finding | undefined {
		const holder = this.#holder(key);
		if (holder === id) return undefined;
		const isName = key.startsWith(keys.endpointNames(this.#id));
		const what = key.slice(key.lastIndexOf("/") + 1) as Ipv4;
		const held = holder === undefined ? "nobody" : short(holder);
		const value = isName ? id : JSON.stringify({ endpoint: id } satisfies AddressClaim);
		return {
			code: isName ? "ENDPOINT_NAME_MISSING" : "ENDPOINT_CLAIM_MISSING",
			key,
			message: `endpoint ${short(id)} has ${isName ? `the name "${what}"` : what}, which ${held} holds`,
			mend: {
				does: `lets ${short(id)} hold it`,
				expect: asRead(this.#records, key, keys.endpoint(this.#id, id), keys.network(this.#id)),
				writes: [{ put: key, value }],
			},
		};
	}

	*#staleClaim({ key, value }: Entry): Iterable<Finding> {
		if (this.#owners.has(key)) return;
		const claim = readAddressClaim(value);
		const address = key.slice(key.lastIndexOf("/") + 1);
		const mend = (...also: readonly string[]) => ({
			does: "gives it back",
			expect: asRead(this.#records, key, ...also),
			writes: [this.#release(key)],
		});
		if (claim === undefined)
			yield { code: "RECORD_UNREADABLE", key, message: `the claim of ${address} cannot be read`, mend: mend() };
		else if ("endpoint" in claim && !this.#doomed.has(claim.endpoint))
			yield {
				code: "ADDRESS_CLAIM_STALE",
				key,
				message: `${address} is held by endpoint ${short(claim.endpoint)}, which has it not`,
				mend: mend(keys.endpoint(this.#id, claim.endpoint)),
			};
	}

	*#staleName(entry: Entry): Iterable<Finding> {
		const { key, value } = entry;
		if (this.#owners.has(key) || this.#doomed.has(value)) return;
		const name = key.slice(key.lastIndexOf("/") + 1);
		yield {
			code: "ENDPOINT_NAME_STALE",
			key,
			message: `the name "${name}" means endpoint ${short(value)}, which has it not`,
			mend: deletion(entry, "removes the name", asRead(this.#records, keys.endpoint(this.#id, value))),
		};
	}
}
