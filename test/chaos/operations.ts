import { type ErrorCode, isWeftError } from "../../src/model/error.ts";
import { type RestartPolicy, restartNames } from "../../src/model/restart.ts";
import type { NetworkJoin, Service } from "../../src/model/service.ts";
import { type Model, notTold } from "./model.ts";
import type { Random } from "./random.ts";

/** One thing that somebody asks of an agent. */
export interface Operation {
	readonly text: string;
	readonly host: string;
	/** Asks, or asks again: what is so already is no error. */
	run(service: Service): Promise<void>;
	/** What then has to be so. */
	note(model: Model, service: Service): Promise<void> | void;
}

const most = { networks: 4, boxes: 10 };

/** What all networks and containers are made with. */
export interface Made {
	/** The length of the networks' subnets; 24 when omitted. */
	readonly subnetBits?: number;
	/** Of all containers; one each by chance when omitted. */
	readonly restart?: RestartPolicy["name"];
	/** Kills with SIGKILL a process by the number that its host has for it. Without, no containers die by themselves, or begin again. */
	readonly killProcess?: (host: string, pid: number) => void;
}

/** Chooses what to do next, among what makes sense. */
export class Operations {
	readonly #random: Random;
	readonly #model: Model;
	readonly #hosts: readonly string[];
	readonly #with: Made;
	#made = 0;

	constructor(random: Random, model: Model, hosts: readonly string[], made: Made = {}) {
		this.#with = made;
		this.#random = random;
		this.#model = model;
		this.#hosts = hosts;
	}

	next(): Operation {
		for (;;) {
			const choose = this.#random.pick([
				() => this.#createNetwork(),
				() => this.#removeNetwork(),
				() => this.#run(),
				() => this.#run(),
				() => this.#connect(),
				() => this.#connect(),
				() => this.#disconnect(),
				() => this.#stop(),
				() => this.#start(),
				() => this.#die(),
				() => this.#remove(),
			]);
			const operation = choose?.();
			if (operation !== undefined) return operation;
		}
	}

	#host(): string {
		return this.#random.pick(this.#hosts) ?? "host1";
	}

	#createNetwork(): Operation | undefined {
		if (this.#model.networks.size >= most.networks) return undefined;
		const name = `net${++this.#made}`;
		const internal = this.#random.chance(0.3);
		const { subnetBits } = this.#with;
		const subnet = subnetBits === undefined ? {} : { subnet: `10.7.${this.#made}.0/${subnetBits}` };
		const request = { name, driver: "overlay", auxAddresses: {}, internal, labels: {}, ...subnet };
		return {
			text: `network create ${internal ? "--internal " : ""}${name}`,
			host: this.#host(),
			run: (service) => unless(["NETWORK_EXISTS"], () => service.networks.create(request)),
			note: (model) => void model.networks.set(name, { name, internal }),
		};
	}

	#removeNetwork(): Operation | undefined {
		const model = this.#model;
		const empty = [...model.networks.keys()].filter((name) => model.in(name).length === 0 && !model.isAwaited(name));
		const name = this.#random.pick(empty);
		if (name === undefined || this.#random.chance(0.5)) return undefined;
		return {
			text: `network rm ${name}`,
			host: this.#host(),
			run: (service) => unless(["NETWORK_NOT_FOUND"], () => service.networks.remove(name)),
			note: (model) => void model.networks.delete(name),
		};
	}

	#run(): Operation | undefined {
		const networks = [...this.#model.networks.keys()].filter(() => this.#random.chance(0.5));
		if (networks.length === 0 || this.#model.boxes.size >= most.boxes) return undefined;
		const [name, host] = [`box${++this.#made}`, this.#host()];
		const restart = this.#with.restart ?? this.#anyRestart();
		return {
			text: `run -d --restart ${restart} --name ${name} ${networks.map((network) => `--network ${network}`).join(" ")}`,
			host,
			run: (service) =>
				runBox(service, {
					name,
					joins: networks.map((network) => ({ network, aliases: [] })),
					restart: { name: restart, maximumRetryCount: 0 },
				}),
			async note(model, service) {
				const addresses = new Map<string, string>();
				model.boxes.set(name, { name, host, state: "running", addresses, restart, left: new Map() });
				const { networks: views } = await service.containers.inspect(name);
				for (const network of networks) addresses.set(network, views[network]?.ipAddress ?? notTold);
			},
		};
	}

	#anyRestart(): RestartPolicy["name"] {
		return this.#random.chance(0.4) ? "no" : (this.#random.pick(restartNames) ?? "no");
	}

	#connect(): Operation | undefined {
		const box = this.#random.pick(this.#model.running());
		const name = this.#random.pick([...this.#model.networks.keys()].filter((one) => box?.addresses.has(one) === false));
		if (box === undefined || name === undefined) return undefined;
		return {
			text: `network connect ${name} ${box.name}`,
			host: box.host,
			run: (service) =>
				unless(["ENDPOINT_EXISTS"], () => service.networks.connect(name, { container: box.name, aliases: [] })),
			async note(_, service) {
				const { networks } = await service.containers.inspect(box.name);
				box.addresses.set(name, networks[name]?.ipAddress ?? notTold);
			},
		};
	}

	#disconnect(): Operation | undefined {
		const box = this.#random.pick(this.#model.running().filter(({ addresses }) => addresses.size > 0));
		const name = this.#random.pick([...(box?.addresses.keys() ?? [])]);
		if (box === undefined || name === undefined) return undefined;
		return {
			text: `network disconnect ${name} ${box.name}`,
			host: box.host,
			run: (service) =>
				unless(["ENDPOINT_NOT_FOUND"], () => service.networks.disconnect(name, { container: box.name, force: false })),
			note: () => void box.addresses.delete(name),
		};
	}

	#stop(): Operation | undefined {
		const box = this.#random.pick(this.#model.running());
		if (box === undefined || this.#random.chance(0.5)) return undefined;
		return {
			text: `stop -t 0 ${box.name}`,
			host: box.host,
			run: (service) => service.containers.stop(box.name, { timeoutSeconds: 0 }),
			note: (model) => model.end(box),
		};
	}

	#start(): Operation | undefined {
		if (this.#with.killProcess === undefined) return undefined;
		const box = this.#random.pick([...this.#model.boxes.values()].filter((one) => this.#model.canBegin(one)));
		if (box === undefined) return undefined;
		return {
			text: `start ${box.name}`,
			host: box.host,
			run: (service) => unless(["CONTAINER_RUNNING"], () => service.containers.start(box.name)),
			note: (model) => model.begin(box),
		};
	}

	#die(): Operation | undefined {
		const { killProcess } = this.#with;
		if (killProcess === undefined) return undefined;
		const box = this.#random.pick(this.#model.running());
		if (box === undefined) return undefined;
		return {
			text: `kill -9 the process of ${box.name}`,
			host: box.host,
			run: async (service) => {
				const { pid } = await service.containers.inspect(box.name);
				if (pid !== undefined) killProcess(box.host, pid);
			},
			note: (model) => model.die(box),
		};
	}

	#remove(): Operation | undefined {
		const box = this.#random.pick([...this.#model.boxes.values()]);
		if (box === undefined) return undefined;
		return {
			text: `rm -f ${box.name}`,
			host: box.host,
			run: (service) => unless(["CONTAINER_NOT_FOUND"], () => service.containers.remove(box.name, { force: true })),
			note: (model) => void model.boxes.delete(box.name),
		};
	}
}

async function unless(codes: readonly ErrorCode[], work: () => Promise<unknown>): Promise<void> {
	try {
		await work();
	} catch (error) {
		if (!isWeftError(error, ...codes)) throw error;
	}
}

/** What a person does whose `weft run` was cut off: goes on from where it is. */
export async function runBox(
	service: Service,
	{ name, joins, restart }: { name: string; joins: readonly NetworkJoin[]; restart: RestartPolicy },
): Promise<void> {
	const there = (await service.containers.list({ all: true })).find((container) => container.name === name);
	if (there?.state === "running") return;
	if (there === undefined)
		await service.containers.create({
			name,
			command: ["sleep", "1d"],
			networks: joins,
			env: [],
			tty: false,
			stdin: false,
			autoRemove: false,
			restart,
		});
	await unless(["CONTAINER_RUNNING"], () => service.containers.start(name));
}
