import { type ErrorCode, isWeftError } from "../../src/model/error.ts";
import type { Service } from "../../src/model/service.ts";
import type { Model } from "./model.ts";
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

/** Chooses what to do next, among what makes sense. */
export class Operations {
	readonly #random: Random;
	readonly #model: Model;
	readonly #hosts: readonly string[];
	#made = 0;

	constructor(random: Random, model: Model, hosts: readonly string[]) {
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
		const request = { name, driver: "overlay", auxAddresses: {}, internal, labels: {} };
		return {
			text: `network create ${internal ? "--internal " : ""}${name}`,
			host: this.#host(),
			run: (service) => unless(["NETWORK_EXISTS"], () => service.networks.create(request)),
			note: (model) => void model.networks.set(name, { name, internal }),
		};
	}

	#removeNetwork(): Operation | undefined {
		const empty = [...this.#model.networks.keys()].filter((name) => this.#model.in(name).length === 0);
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
		return {
			text: `run -d --name ${name} ${networks.map((network) => `--network ${network}`).join(" ")}`,
			host,
			run: (service) => runBox(service, name, networks),
			async note(model, service) {
				const addresses = new Map<string, string>();
				model.boxes.set(name, { name, host, state: "running", addresses });
				const { networks: views } = await service.containers.inspect(name);
				for (const network of networks) addresses.set(network, views[network]?.ipAddress ?? "none");
			},
		};
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
				box.addresses.set(name, networks[name]?.ipAddress ?? "none");
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
async function runBox(service: Service, name: string, networks: readonly string[]): Promise<void> {
	const there = (await service.containers.list({ all: true })).find((container) => container.name === name);
	if (there?.state === "running") return;
	if (there === undefined)
		await service.containers.create({
			name,
			command: ["sleep", "1d"],
			networks: networks.map((network) => ({ network, aliases: [] })),
			env: [],
			tty: false,
			stdin: false,
			autoRemove: false,
		});
	await unless(["CONTAINER_RUNNING"], () => service.containers.start(name));
}
