import type { Endpoint } from "../../src/model/endpoint.ts";
import { type AddressClaim, keys } from "../../src/model/keys.ts";
import type { Entry, Snapshot, StoreBatch } from "../../src/store/store.ts";

/** What a store held at each revision, and what of that breaks a promise. */
export class History {
	readonly #values = new Map<string, string>();
	/** Each with the revision at which it was so first. */
	readonly faults: string[] = [];
	revision = 0;
	revisions = 0;
	/** Addresses that were taken from dead hosts. */
	reclaimed = 0;

	begin({ entries, revision }: Snapshot): void {
		this.#values.clear();
		for (const { key, value } of entries) this.#values.set(key, value);
		this.#end(revision, []);
	}

	take({ revision, events }: StoreBatch): void {
		for (const event of events) {
			if (event.type === "put") this.#values.set(event.entry.key, event.entry.value);
			else this.#values.delete(event.key);
		}
		const puts = events.flatMap((event) => (event.type === "put" ? [event.entry] : []));
		this.#end(revision, this.#reclaims(puts));
	}

	endpoints(): Endpoint[] {
		return this.#below(keys.allEndpoints).map(([, value]) => JSON.parse(value) as Endpoint);
	}

	#end(revision: number, faults: readonly string[]): void {
		const found = [...faults, ...this.#endpointFaults(), ...this.#claimFaults()];
		this.faults.push(...found.map((fault) => `at revision ${revision}: ${fault}`));
		this.revision = revision;
		this.revisions++;
	}

	/** Each endpoint has its address and its name, and no other endpoint has them. */
	#endpointFaults(): string[] {
		const holders = new Map<string, string>();
		return this.endpoints().flatMap(({ id, networkId, name, address }) => {
			const faults: string[] = [];
			for (const what of [`address ${address}`, `name ${name.toLowerCase()}`]) {
				const key = `${what} of network ${networkId.slice(0, 10)}`;
				const other = holders.get(key);
				if (other !== undefined) faults.push(`the ${key} is held by ${other} and by ${name}`);
				holders.set(key, name);
			}
			if (this.#values.get(keys.endpointName(networkId, name)) !== id) faults.push(`${name} has not its name`);
			const claim = this.#claim(keys.address(networkId, address));
			if (claim === undefined || !("endpoint" in claim) || claim.endpoint !== id)
				faults.push(`${name} has no claim of its address ${address}`);
			return faults;
		});
	}

	/** What is held is held by an endpoint that is there. */
	#claimFaults(): string[] {
		const held = new Set(this.endpoints().map(({ networkId, address }) => keys.address(networkId, address)));
		return this.#below("ipam").flatMap(([key]) => {
			const claim = this.#claim(key);
			return claim !== undefined && "endpoint" in claim && !held.has(key) ? [`${key} is held by nobody`] : [];
		});
	}

	/** Nothing is taken from a host that lives. */
	#reclaims(puts: readonly Entry[]): string[] {
		return puts.flatMap(({ key }) => {
			const claim = key.startsWith("ipam/") ? this.#claim(key) : undefined;
			if (claim === undefined || !("reclaimedFrom" in claim) || claim.reclaimedFrom === undefined) return [];
			this.reclaimed++;
			return this.#values.has(keys.aliveHost(claim.reclaimedFrom)) ? [`${key} was taken from a host that lives`] : [];
		});
	}

	#claim(key: string): AddressClaim | undefined {
		const value = this.#values.get(key);
		return value === undefined ? undefined : (JSON.parse(value) as AddressClaim);
	}

	#below(prefix: string): [string, string][] {
		return [...this.#values].filter(([key]) => key.startsWith(`${prefix}/`));
	}
}
