import { backupLines } from "../src/control/upkeep/backup-text.ts";
import { WeftError } from "../src/model/error.ts";
import { matchesFilters } from "../src/model/network-filter.ts";
import { noRestart } from "../src/model/restart.ts";
import type { CreateContainerRequest, CreateNetworkRequest, Service } from "../src/model/service.ts";
import type { ContainerEndpointView, ContainerView, EventView, HostView, NetworkView } from "../src/model/view.ts";

/** 2024-05-17, so that printed tables are the same each day. */
export const bornAt = "2024-05-17T10:00:00.000Z";
const laterAt = "2024-05-17T11:00:00.000Z";

/**
 * A service without kernel and store, for tests of what stands before it: it keeps what it is told in maps, and answers
 * from them. Containers run nothing; they write one line and go on until they are stopped.
 */
export class MemoryService implements Service {
	readonly networksById = new Map<string, NetworkView>();
	readonly containersById = new Map<string, ContainerView>();
	/** What stands for the cluster's state. */
	storeUrl = "sqlite:";
	#since = bornAt;
	readonly records = new Map([["hosts/ab", "{}"]]);
	readonly #listeners = new Set<(event: EventView) => void>();
	readonly #endings = new Map<string, PromiseWithResolvers<{ exitCode: number }>>();
	#made = 0;

	readonly #host: HostView = {
		id: "ab".repeat(16),
		name: "host1",
		self: true,
		state: "alive",
		since: bornAt,
		vtep: "192.168.56.101",
		agentPort: 2377,
		underlayMtuBytes: 1500,
		version: "0.1.0",
		joinedAt: bornAt,
		endpoints: 0,
	};

	#id(): string {
		return (++this.#made).toString(16).padStart(2, "0").repeat(32);
	}

	async status() {
		return {
			version: "0.1.0",
			pid: 4711,
			startedAt: bornAt,
			host: this.#host,
			store: { url: this.storeUrl, state: "connected", since: bornAt },
			names: { state: "serving", pid: 4712 },
			kernel: { state: "in-sync", auditedAt: bornAt, mended: 0 },
			networks: this.networksById.size,
			containers: this.containersById.size,
			hosts: 1,
			problems: [],
		} as const;
	}

	async hosts() {
		return [{ ...this.#host, since: this.#since }];
	}

	async forgetHost(ref: string) {
		if (ref !== "host1")
			throw new WeftError("HOST_NOT_FOUND", `Cannot find host "${ref}": no host has that name or id`, {
				fix: "weft hosts shows all hosts",
			});
		return { id: this.#host.id, name: this.#host.name, endpoints: 2 };
	}

	async testPaths() {
		return [{ host: "host2", vtep: "192.168.56.102", there: "ok", here: "blocked", fullBytes: 1500 }] as const;
	}

	async createToken({ ttlSeconds }: { ttlSeconds: number }) {
		return { token: "weft-token", expiresAt: new Date(Date.parse(bornAt) + ttlSeconds * 1000).toISOString() };
	}

	async attach(request: Parameters<Service["attach"]>[0]) {
		const endpoint = this.#connect(this.#network(request.network), request.name, request.ip, request.aliases);
		return { ...endpoint, sandboxId: this.#id(), name: request.name, nameserver: "127.0.0.11" };
	}

	async detach({ name }: { name: string }) {
		this.#container(name);
	}

	async *events(signal: AbortSignal): AsyncIterable<EventView> {
		const queue: EventView[] = [];
		let wake = () => {};
		const listener = (event: EventView) => {
			queue.push(event);
			wake();
		};
		this.#listeners.add(listener);
		signal.addEventListener("abort", () => wake());
		try {
			while (!signal.aborted) {
				const event = queue.shift();
				if (event !== undefined) yield event;
				else await new Promise<void>((resolve) => (wake = resolve));
			}
		} finally {
			this.#listeners.delete(listener);
		}
	}

	get listening(): number {
		return this.#listeners.size;
	}

	emit(action: string, id: string, name: string): void {
		for (const listener of this.#listeners)
			listener({ time: bornAt, type: "network", action, id, name, attributes: {} });
	}

	readonly store: Service["store"] = {
		check: async ({ repair }) => ({
			revision: 7,
			records: 12,
			findings: [
				{
					code: "ADDRESS_CLAIM_STALE",
					key: "ipam/ab/10.0.0.9",
					message: "10.0.0.9 is held by endpoint cd, which has it not",
					mend: "gives it back",
					outcome: repair ? "mended" : "found",
				},
			],
		}),
		backup: async function* (this: MemoryService) {
			const entries = [...this.records].map(([key, value]) => ({ key, value, revision: 7 }));
			for (const line of backupLines({ entries, revision: 7 }, { store: "sqlite:", host: "host1", date: bornAt }))
				yield { line };
		}.bind(this),
		beginRestore: async ({ force }) => {
			if (!force && this.records.size > 0) throw new WeftError("STORE_NOT_EMPTY", "Cannot restore: it is not empty");
			this.records.clear();
			return { id: "0".repeat(32) };
		},
		putRecords: async ({ records }) => {
			for (const { key, value } of records) this.records.set(key, value);
		},
		endRestore: async () => {},
		migrate: async function* (this: MemoryService, { to }: { readonly to: string }) {
			yield { what: "target", detail: `${to} answers, and is free` } as const;
			yield { what: "copy", detail: "1 of 2 records", done: 1, total: 2 } as const;
			yield { what: "left", detail: `the cluster's state is at ${to}` } as const;
			this.storeUrl = to;
			this.#since = laterAt;
		}.bind(this),
		abortMove: async () => ({ aborted: "etcd://10.0.0.5" }),
		recover: async () => ({
			networks: 2,
			endpoints: 5,
			hosts: 3,
			joins: [
				{ host: "host2", token: "weft1.two", hadStore: true },
				{ host: "host3", token: "weft1.three", hadStore: false },
			],
		}),
		join: async () => ({ storeUrl: "weft://192.168.56.102:4790", left: [] }),
	};

	readonly networks: Service["networks"] = {
		list: async ({ filters }) =>
			[...this.networksById.values()]
				.filter((network) => matchesFilters(network, filters))
				.sort((a, b) => a.name.localeCompare(b.name)),
		create: async (request) => {
			if ([...this.networksById.values()].some(({ name }) => name === request.name)) {
				throw new WeftError("NETWORK_EXISTS", `Cannot create network "${request.name}": a network of that name exists`);
			}
			const network = networkOf(this.#id(), request);
			this.networksById.set(network.id, network);
			this.emit("create", network.id, network.name);
			return { id: network.id, warnings: [] };
		},
		inspect: async (ref) => this.#network(ref),
		remove: async (ref) => {
			this.networksById.delete(this.#network(ref).id);
		},
		connect: async (ref, { container, ip, aliases }) => {
			const { id, name } = this.#container(container);
			return this.#connect(this.#network(ref), name, ip, aliases, id);
		},
		disconnect: async (ref, { container }) => {
			const { [this.#network(ref).name]: _, ...networks } = this.#container(container).networks;
			this.#change(container, { networks });
		},
		prune: async () => {
			const removed = [...this.networksById.values()].map(({ id, name }) => ({ id, name }));
			this.networksById.clear();
			return { removed };
		},
	};

	readonly containers: Service["containers"] = {
		list: async ({ all }) =>
			[...this.containersById.values()].filter(({ state }) => all || state === "running").reverse(),
		create: async (request) => {
			const container = containerOf(this.#id(), request);
			this.containersById.set(container.id, container);
			this.#endings.set(container.id, Promise.withResolvers());
			for (const { network, ip, aliases } of request.networks)
				this.#connect(this.#network(network), container.name, ip, aliases, container.id);
			return { id: container.id, warnings: [] };
		},
		start: async (ref) => {
			this.#change(ref, { state: "running", startedAt: bornAt, pid: 4713 });
		},
		inspect: async (ref) => this.#container(ref),
		stop: async (ref) => this.#end(ref, 143),
		kill: async (ref) => this.#end(ref, 137),
		remove: async (ref) => {
			this.containersById.delete(this.#container(ref).id);
		},
		logs: async function* (this: MemoryService, ref: string) {
			const { command } = this.#container(ref);
			yield { time: bornAt, stream: "stdout", text: command.join(" "), partial: false } as const;
			yield { time: bornAt, stream: "stderr", text: "done", partial: false } as const;
		}.bind(this),
		exec: async (ref, { command }) => ({ argv: ["runc", "exec", this.#container(ref).id, ...command] }),
		console: async (ref) => ({
			attachSocket: `/run/weft/${this.#container(ref).id}/attach`,
			controlFifo: `/run/weft/${this.#container(ref).id}/ctl`,
			tty: false,
		}),
		wait: async (ref) => {
			const ending = this.#endings.get(this.#container(ref).id);
			return ending === undefined ? { exitCode: 0 } : ending.promise;
		},
	};

	/** The command of this container ends. */
	#end(ref: string, exitCode: number): void {
		const { id } = this.#change(ref, { state: "exited", exitCode, finishedAt: bornAt });
		this.#endings.get(id)?.resolve({ exitCode });
	}

	#network(ref: string): NetworkView {
		const found = [...this.networksById.values()].find(({ id, name }) => name === ref || id.startsWith(ref));
		if (found !== undefined) return found;
		throw new WeftError("NETWORK_NOT_FOUND", `Cannot find network "${ref}": no network has that name or id`, {
			fix: "weft network ls shows all networks",
		});
	}

	#container(ref: string): ContainerView {
		const found = [...this.containersById.values()].find(({ id, name }) => name === ref || id.startsWith(ref));
		if (found !== undefined) return found;
		throw new WeftError("CONTAINER_NOT_FOUND", `Cannot find container "${ref}": no container has that name or id`, {
			fix: "weft ps -a shows all containers",
		});
	}

	#change(ref: string, change: Partial<ContainerView>): ContainerView {
		const changed = { ...this.#container(ref), ...change };
		this.containersById.set(changed.id, changed);
		return changed;
	}

	#connect(
		network: NetworkView,
		name: string,
		ip: string | undefined,
		aliases: readonly string[],
		containerId?: string,
	): ContainerEndpointView {
		const endpoint: ContainerEndpointView = {
			networkId: network.id,
			endpointId: this.#id(),
			ifname: "eth0",
			ipAddress: ip ?? "10.0.0.2",
			ipPrefixLen: 24,
			macAddress: "02:42:0a:00:00:02",
			gateway: network.ipam.gateway,
			aliases,
		};
		if (containerId !== undefined) {
			const { networks } = this.#container(containerId);
			this.#change(containerId, { networks: { ...networks, [network.name]: endpoint } });
		}
		this.networksById.set(network.id, {
			...network,
			containers: {
				...network.containers,
				[containerId ?? endpoint.endpointId]: {
					name,
					endpointId: endpoint.endpointId,
					macAddress: endpoint.macAddress,
					ipv4Address: `${endpoint.ipAddress}/24`,
					aliases,
					host: "host1",
					hostState: "alive",
				},
			},
		});
		return endpoint;
	}
}

function networkOf(id: string, request: CreateNetworkRequest): NetworkView {
	const { name, driver, subnet, gateway, auxAddresses, internal, labels, ipRange, mtuBytes } = request;
	return {
		id,
		name,
		driver,
		scope: "global",
		created: bornAt,
		internal,
		ipam: {
			subnet: subnet ?? "10.0.0.0/24",
			gateway: gateway ?? "10.0.0.1",
			auxAddresses,
			...(ipRange === undefined ? {} : { ipRange }),
		},
		vni: 256,
		mtuBytes: mtuBytes ?? 1450,
		netns: `1-${id.slice(0, 10)}`,
		labels,
		containers: {},
	};
}

function containerOf(id: string, request: CreateContainerRequest): ContainerView {
	const { command, env, tty, stdin, autoRemove, restart = noRestart } = request;
	return {
		id,
		name: request.name ?? `box-${id.slice(0, 4)}`,
		state: "created",
		host: "host1",
		hostname: request.hostname ?? id.slice(0, 12),
		command,
		env,
		rootfs: request.rootfs ?? "/var/lib/weft/rootfs",
		tty,
		stdin,
		autoRemove,
		restartPolicy: restart,
		restartCount: 0,
		created: bornAt,
		netns: `/run/netns/weft-${id.slice(0, 12)}`,
		networks: {},
	};
}
