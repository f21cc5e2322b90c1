import { driverOf } from "../drivers/registry.ts";
import { Counted } from "../lib/counted.ts";
import type { Endpoint, EndpointId, Sandbox, SandboxId } from "../model/endpoint.ts";
import { causeText, isWeftError, type WeftError } from "../model/error.ts";
import type { Gone, Host, HostId, Liveness } from "../model/host.ts";
import { keys, localKeys } from "../model/keys.ts";
import type { Network, NetworkId } from "../model/network.ts";
import { damagedRecord, readRecord } from "../model/records.ts";
import type { Store } from "../store/store.ts";
import type { LocalCopy } from "./local-copy.ts";
import { Mirror } from "./mirror.ts";

/** One record that changed; its new value is in the view. */
export type ViewChange =
	| { readonly kind: "host"; readonly id: HostId; readonly before: Host | undefined }
	| { readonly kind: "liveness"; readonly id: HostId }
	| { readonly kind: "gone"; readonly id: HostId }
	| { readonly kind: "sandbox"; readonly id: SandboxId; readonly before: Sandbox | undefined }
	| { readonly kind: "network"; readonly id: NetworkId }
	| {
			readonly kind: "endpoint";
			readonly networkId: NetworkId;
			readonly id: EndpointId;
			readonly before: Endpoint | undefined;
	  };

export interface ViewOptions {
	readonly store: Store;
	readonly local: Store;
	readonly copy: LocalCopy;
	/** Told of each change, in order. */
	readonly onChange: (change: ViewChange) => void;
	/** Told after the changes of one batch. */
	readonly onBatch: () => void;
	/** Told of a record that cannot be read: what it was before still holds. */
	readonly onDamaged: (error: WeftError) => void;
	/** Told when the store is an earlier one: it was restored from a backup. */
	readonly onRestored: () => void;
}

interface JoinedNetwork {
	network: Network | undefined;
	readonly endpoints: Map<EndpointId, Endpoint>;
	readonly mirrors: readonly Mirror[];
}

/**
 * What this host has to know: all hosts, its own sandboxes, and the networks that those are in, with all endpoints
 * of these. It grows with them and with nothing else in the cluster.
 */
export class View {
	readonly hosts = new Map<HostId, Host>();
	readonly alive = new Map<HostId, Liveness>();
	readonly gone = new Map<HostId, Gone>();
	readonly sandboxes = new Map<SandboxId, Sandbox>();
	/** Why records that are there cannot be read, by their keys. */
	readonly damaged = new Map<string, WeftError>();
	readonly #networks = new Map<NetworkId, JoinedNetwork>();
	/** The networks of the sandboxes' attachments. */
	readonly #attached = new Counted<NetworkId>();
	readonly #options: ViewOptions;
	/** Of what concerns all hosts. */
	readonly #clusterMirrors: readonly Mirror[];
	readonly #sandboxMirror: Mirror;
	readonly #unlisten: () => void;

	constructor(options: ViewOptions) {
		this.#options = options;
		this.#clusterMirrors = [
			this.#mirror<Host>(keys.hosts, (id, host) => {
				const before = this.hosts.get(id);
				record(this.hosts, id, host);
				options.onChange({ kind: "host", id, before });
			}),
			this.#mirror<Liveness>(keys.alive, (id, liveness) => {
				record(this.alive, id, liveness);
				options.onChange({ kind: "liveness", id });
			}),
			this.#mirror<Gone>(keys.gone, (id, gone) => {
				record(this.gone, id, gone);
				options.onChange({ kind: "gone", id });
			}),
		];
		this.#sandboxMirror = new Mirror({
			store: options.local,
			prefix: localKeys.sandboxes,
			onChange: (key, text) =>
				this.#read<Sandbox>(key, text, (value) => this.#sandbox(key.slice(localKeys.sandboxes.length + 1), value)),
			onBatch: options.onBatch,
		});
		this.#unlisten = options.store.health.onChange((reachable) => {
			if (reachable) void this.#lookBack();
		});
	}

	/** Resolves when the first picture of everything is there, networks included. */
	async ready(): Promise<void> {
		await Promise.all([this.#sandboxMirror, ...this.#clusterMirrors].map((mirror) => mirror.ready));
		await Promise.all(this.#networkMirrors().map((mirror) => mirror.ready));
	}

	/** The networks that sandboxes of this host are in. */
	networkIds(): Iterable<NetworkId> {
		return this.#networks.keys();
	}

	/** Those of them that are known by now. */
	networks(): Network[] {
		return [...this.#networks.values()].flatMap(({ network }) => network ?? []);
	}

	network(id: NetworkId): Network | undefined {
		return this.#networks.get(id)?.network;
	}

	endpoints(id: NetworkId): ReadonlyMap<EndpointId, Endpoint> {
		return this.#networks.get(id)?.endpoints ?? new Map();
	}

	close(): void {
		this.#unlisten();
		for (const mirror of [this.#sandboxMirror, ...this.#clusterMirrors, ...this.#networkMirrors()]) mirror.close();
	}

	#networkMirrors(): Mirror[] {
		return [...this.#networks.values()].flatMap(({ mirrors }) => mirrors);
	}

	/** A store that was restored from a backup would only tell what happens after the revision that was seen before. */
	async #lookBack(): Promise<void> {
		const { store, onRestored } = this.#options;
		const mirrors = [...this.#clusterMirrors, ...this.#networkMirrors()];
		const seen = Math.max(...mirrors.map(({ revision }) => revision));
		// The least that a store can be asked for its revision. Where it does not answer, it is looked at when it is back again.
		const now = await store.list(keys.networksLock).catch(() => undefined);
		if (now === undefined || now.revision >= seen) return;
		for (const mirror of mirrors) mirror.renew();
		onRestored();
	}

	#mirror<T>(prefix: string, onChange: (id: string, value: T | undefined) => void): Mirror {
		const { store, copy, onBatch } = this.#options;
		return new Mirror({
			store,
			prefix,
			copy,
			onBatch,
			onChange: (key, text) => this.#read<T>(key, text, (value) => onChange(key.slice(prefix.length + 1), value)),
		});
	}

	#read<T>(key: string, text: string | undefined, then: (value: T | undefined) => void): void {
		let value: T | undefined;
		try {
			value = text === undefined ? undefined : readRecord<T>(key, text);
			if (value !== undefined && key.startsWith(`${keys.networks}/`)) checkDriver(key, value as unknown as Network);
			this.damaged.delete(key);
		} catch (error) {
			if (!isWeftError(error)) throw error;
			this.damaged.set(key, error);
			return this.#options.onDamaged(error);
		}
		then(value);
	}

	#sandbox(id: SandboxId, sandbox: Sandbox | undefined): void {
		const before = this.sandboxes.get(id);
		record(this.sandboxes, id, sandbox);
		this.#follow(before, this.sandboxes.get(id));
		this.#options.onChange({ kind: "sandbox", id, before });
	}

	/** Starts to follow the networks that a sandbox came into, and leaves those that the last one left. */
	#follow(before: Sandbox | undefined, after: Sandbox | undefined): void {
		for (const { networkId } of after?.attachments ?? []) if (this.#attached.add(networkId)) this.#join(networkId);
		for (const { networkId } of before?.attachments ?? []) if (this.#attached.take(networkId)) this.#leave(networkId);
	}

	#join(id: NetworkId): void {
		const endpoints = new Map<EndpointId, Endpoint>();
		const joined: JoinedNetwork = {
			network: undefined,
			endpoints,
			mirrors: [
				this.#mirror<Network>(keys.network(id), (_, network) => {
					joined.network = network;
					this.#options.onChange({ kind: "network", id });
				}),
				this.#mirror<Endpoint>(keys.endpoints(id), (endpointId, endpoint) => {
					const before = endpoints.get(endpointId);
					record(endpoints, endpointId, endpoint && this.#shared(id, endpoint));
					this.#options.onChange({ kind: "endpoint", networkId: id, id: endpointId, before });
				}),
			],
		};
		this.#networks.set(id, joined);
	}

	/** Ten thousand endpoints need not hold ten thousand texts of one network, and of one host. */
	#shared(networkId: NetworkId, endpoint: Endpoint): Endpoint {
		return { ...endpoint, networkId, hostId: this.hosts.get(endpoint.hostId)?.id ?? endpoint.hostId };
	}

	#leave(id: NetworkId): void {
		const joined = this.#networks.get(id);
		if (joined === undefined) return;
		for (const mirror of joined.mirrors) mirror.close();
		this.#networks.delete(id);
		for (const [endpointId, before] of joined.endpoints) {
			this.#options.copy.put(keys.endpoint(id, endpointId), undefined);
			this.#options.onChange({ kind: "endpoint", networkId: id, id: endpointId, before });
		}
		this.#options.copy.put(keys.network(id), undefined);
		this.#options.onChange({ kind: "network", id });
	}
}

/** A network of a later version, perhaps: nothing can be made of it here. @throws {WeftError} DATABASE_DAMAGED */
function checkDriver(key: string, { driver }: Network): void {
	try {
		driverOf(driver);
	} catch (error) {
		throw damagedRecord(key, causeText(error));
	}
}

function record<T>(records: Map<string, T>, id: string, value: T | undefined): void {
	if (value === undefined) records.delete(id);
	else records.set(id, value);
}
