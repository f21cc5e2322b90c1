import type { Attachment, Endpoint, EndpointId } from "../model/endpoint.ts";
import { isWeftError } from "../model/error.ts";
import type { HostId } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Network, NetworkId } from "../model/network.ts";
import { readRecord } from "../model/records.ts";
import type { LocalCopy } from "./local-copy.ts";
import type { View, ViewChange } from "./view.ts";

/**
 * The endpoints of this host's sandboxes and their networks, as the store last had them. They stay when the store has them no
 * more, for as long as a sandbox is attached: for the case that it lost them, and this host did not take them out.
 */
export class OwnRecords {
	readonly #copy: LocalCopy;
	readonly #self: HostId;
	/** By the key that the record has in the store; as text. */
	readonly #records = new Map<string, string>();
	/** Before, what is on the disk is not known, and nothing is written to it. */
	#loaded = false;

	constructor(copy: LocalCopy, self: HostId) {
		this.#copy = copy;
		this.#self = self;
	}

	/** Takes up what an earlier agent of this host left, as far as it still matters. To be called when the view is ready. */
	async load(view: View): Promise<void> {
		const stored = [...(await this.#copy.list(keys.networks)), ...(await this.#copy.list(keys.allEndpoints))];
		const former = new Map(stored.map(({ key, value }) => [key, value]));
		for (const { attachments } of view.sandboxes.values())
			for (const { networkId, endpointId } of attachments)
				for (const key of [keys.network(networkId), keys.endpoint(networkId, endpointId)]) {
					const text = former.get(key);
					// What the store has is newer.
					if (text !== undefined && !this.#records.has(key)) this.#records.set(key, text);
				}
		this.#loaded = true;
		for (const [key, text] of this.#records) if (former.get(key) !== text) this.#copy.put(key, text);
		for (const key of former.keys()) if (!this.#records.has(key)) this.#copy.put(key, undefined);
	}

	endpoint(networkId: NetworkId, id: EndpointId): Endpoint | undefined {
		return this.#get<Endpoint>(keys.endpoint(networkId, id));
	}

	network(id: NetworkId): Network | undefined {
		return this.#get<Network>(keys.network(id));
	}

	note(view: View, change: ViewChange): void {
		switch (change.kind) {
			case "endpoint":
				this.#take(view, change.networkId, change.id);
				break;
			case "network":
				this.#takeNetwork(view, change.id);
				break;
			case "sandbox":
				this.#noteSandbox(view, change.before?.attachments ?? [], view.sandboxes.get(change.id)?.attachments ?? []);
				break;
			case "host":
			case "liveness":
			case "gone":
				break;
		}
	}

	/** Resolves when all is on the disk. */
	flush(): Promise<void> {
		return this.#copy.flush();
	}

	close(): Promise<void> {
		return this.#copy.close();
	}

	#noteSandbox(view: View, before: readonly Attachment[], after: readonly Attachment[]): void {
		const kept = new Set(after.map(({ endpointId }) => endpointId));
		const networks = new Set(view.networkIds());
		for (const { networkId, endpointId } of before) {
			if (!kept.has(endpointId)) this.#drop(keys.endpoint(networkId, endpointId));
			if (!networks.has(networkId)) this.#drop(keys.network(networkId));
		}
		for (const { networkId, endpointId } of after) this.#take(view, networkId, endpointId);
	}

	#take(view: View, networkId: NetworkId, id: EndpointId): void {
		const endpoint = view.endpoints(networkId).get(id);
		if (endpoint?.hostId !== this.#self) return;
		const attachments = view.sandboxes.get(endpoint.sandboxId)?.attachments ?? [];
		if (!attachments.some(({ endpointId }) => endpointId === id)) return;
		this.#put(keys.endpoint(networkId, id), endpoint);
		this.#takeNetwork(view, networkId);
	}

	#takeNetwork(view: View, id: NetworkId): void {
		const network = view.network(id);
		if (network !== undefined) this.#put(keys.network(id), network);
	}

	#get<T>(key: string): T | undefined {
		const text = this.#records.get(key);
		try {
			return text === undefined ? undefined : readRecord<T>(key, text);
		} catch (error) {
			// What cannot be read is remembered no more.
			if (isWeftError(error, "DATABASE_DAMAGED")) return undefined;
			throw error;
		}
	}

	#put(key: string, record: Endpoint | Network): void {
		const text = JSON.stringify(record);
		if (this.#records.get(key) === text) return;
		this.#records.set(key, text);
		if (this.#loaded) this.#copy.put(key, text);
	}

	#drop(key: string): void {
		if (this.#records.delete(key) && this.#loaded) this.#copy.put(key, undefined);
	}
}
