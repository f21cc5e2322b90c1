import assert from "node:assert/strict";
import { isWeftError } from "../../src/model/error.ts";
import type { ContainerView } from "../../src/model/view.ts";
import { agree, waitFor } from "./agree.ts";
import { Cluster } from "./cluster.ts";
import { type Fault, nextFault, untilState } from "./faults.ts";
import { Model, type ModelBox } from "./model.ts";
import { Operations, runBox } from "./operations.ts";
import { Random } from "./random.ts";
import { checkReach } from "./reach.ts";
import { Recorder } from "./recorder.ts";

export interface SurviveOptions {
	readonly lab: string;
	readonly seed: number;
	readonly rounds: number;
	readonly seconds: number;
	readonly log: (line: string) => void;
}

/** Short, so that a host is gone within seconds; the lease is three heartbeats of a busy machine. */
const flags = ["--lease", "2s", "--grace", "3s"];

/** Containers are back after a boot of their host. */
const restart = { name: "unless-stopped", maximumRetryCount: 0 } as const;

/** A boot of a host, an agent's start, and what then is brought back. */
const returnedWithinMs = 40_000;
/** And until names are answered as well. */
const reachedWithinMs = 15_000;

/**
 * Random faults of three hosts, with random operations on those that are well meanwhile. At each revision of the store no address
 * and no name has two holders, and nothing was taken from a host that lives; when a fault is over, all that runs is back in its
 * networks, and all kernels are as the model says.
 */
export async function survive({ lab, seed, rounds, seconds, log }: SurviveOptions) {
	const cluster = new Cluster(lab, 3);
	const deadline = performance.now() + seconds * 1000;
	let [done, moved] = [0, 0];
	try {
		await cluster.up(flags);
		const recorder = await Recorder.start(cluster);
		const life = new Life({ cluster, recorder, random: new Random(seed), log });
		await life.operate(12, cluster.hosts);
		for (; done < rounds && performance.now() < deadline; done++) {
			await life.operate(3, cluster.hosts);
			await life.suffer(`fault ${done + 1}`);
			moved += await life.settle();
		}
		recorder.stop();
		const { revisions, reclaimed } = recorder.history;
		return { done, revisions, reclaimed, moved };
	} finally {
		await cluster.down();
	}
}

interface World {
	readonly cluster: Cluster;
	readonly recorder: Recorder;
	readonly random: Random;
	readonly log: (line: string) => void;
}

/** What happens in a cluster, and what the model then says. */
class Life {
	readonly #world: World;
	readonly #model = new Model();
	readonly #choose: Operations;
	#takers = 0;

	constructor(world: World) {
		this.#world = world;
		// Small networks: what was taken from dead hosts is given out soon.
		this.#choose = new Operations(world.random, this.#model, world.cluster.hosts, {
			subnetBits: 28,
			restart: restart.name,
		});
	}

	/** Up to `count` random operations on some hosts. */
	async operate(count: number, hosts: readonly string[]): Promise<void> {
		const { cluster, log } = this.#world;
		for (let n = 0, attempt = 0; n < count && attempt < 20 * count; attempt++) {
			const operation = this.#choose.next();
			if (!hosts.includes(operation.host)) continue;
			n++;
			log(`  ${operation.host}: ${operation.text}`);
			await operation.run(cluster.service(operation.host));
			await operation.note(this.#model, cluster.service(operation.host));
		}
	}

	/** A fault from its beginning to its end, and what others do meanwhile. */
	async suffer(title: string): Promise<void> {
		const { cluster, random, log } = this.#world;
		const fault = nextFault(cluster, random);
		log(`${title}: ${fault.text}`);
		await fault.strike();
		await this.operate(random.below(3), fault.healthy);
		await fault.last();
		await this.operate(random.below(3), fault.healthy);
		if (random.chance(0.5)) await this.#take(fault);
		if (random.chance(0.3)) await this.#force(fault);
		await fault.mend();
	}

	/** Somebody gets the address of a container whose host is gone. */
	async #take({ absent, healthy }: Fault): Promise<void> {
		const { cluster, recorder, random, log } = this.#world;
		const host = random.pick(healthy);
		const box = absent === undefined ? undefined : random.pick(this.#model.running(absent));
		const [network, ip] = random.pick([...(box?.addresses ?? [])]) ?? [];
		if (host === undefined || box === undefined || network === undefined || ip === undefined) return;
		if (recorder.history.endpoints().some(({ name }) => name === box.name)) return;
		const name = `taker${++this.#takers}`;
		log(`  ${host}: run -d --name ${name} --network ${network} --ip ${ip}`);
		await runBox(cluster.service(host), { name, joins: [{ network, ip, aliases: [] }], restart });
		this.#model.boxes.set(name, {
			name,
			host,
			state: "running",
			addresses: new Map([[network, ip]]),
			restart: restart.name,
			left: new Map(),
		});
	}

	/** Somebody takes a container of an absent host out of a network. What was reclaimed before is not there, and comes back. */
	async #force({ absent }: Fault): Promise<void> {
		const { cluster, random, log } = this.#world;
		const box = absent === undefined ? undefined : random.pick(this.#model.running(absent));
		const network = random.pick([...(box?.addresses.keys() ?? [])]);
		if (box === undefined || network === undefined) return;
		log(`  host1: network disconnect --force ${network} ${box.name}`);
		try {
			await cluster.service("host1").networks.disconnect(network, { container: box.name, force: true });
			box.addresses.delete(network);
		} catch (error) {
			if (!isWeftError(error, "ENDPOINT_NOT_FOUND")) throw error;
		}
	}

	/** Waits until all that runs is in its networks, and every kernel is as it has to be. @returns How many addresses are other ones. */
	async settle(): Promise<number> {
		const { cluster, recorder, random } = this.#world;
		for (const host of cluster.hosts) await untilState(cluster, host, "alive");
		await cluster.quiet();
		await waitFor("all that runs is in its networks", returnedWithinMs, () => this.#missing());
		recorder.check();
		const moved = await this.#noteAddresses();
		await agree(cluster, this.#model);
		const from = random.pick(this.#model.running());
		if (from !== undefined) await this.#reach(from);
		return moved;
	}

	/** The way to the resolver in the world was cut a moment ago: a question or two may still get no answer. */
	async #reach(from: ModelBox): Promise<void> {
		const { cluster, log } = this.#world;
		await waitFor("pings and lookups agree with the model", reachedWithinMs, async () => {
			try {
				await checkReach(cluster, this.#model, from);
				return undefined;
			} catch (error) {
				log(`  not yet: ${String(error)}`);
				return String(error);
			}
		});
	}

	/** @returns What the store has and what it should have, when those differ. */
	async #missing(): Promise<string | undefined> {
		const { cluster, recorder } = this.#world;
		const networks = await cluster.service("host1").networks.list({ filters: {} });
		const nameOf = new Map(networks.map(({ id, name }) => [id, name]));
		const there = recorder.history.endpoints().map(({ networkId, name }) => `${nameOf.get(networkId)} ${name}`);
		const wanted = this.#model
			.running()
			.flatMap(({ name, addresses }) => [...addresses.keys()].map((n) => `${n} ${name}`));
		const [is, should] = [there.sort().join("\n"), wanted.sort().join("\n")];
		return is === should ? undefined : `is:\n${is}\nshould be:\n${should}`;
	}

	/** Takes the addresses that containers have now into the model. @returns How many are other ones than before. */
	async #noteAddresses(): Promise<number> {
		let moved = 0;
		for (const box of this.#model.running()) {
			const { networks } = await running(this.#world.cluster, box.host, box.name);
			for (const [network, former] of box.addresses) {
				const address = networks[network]?.ipAddress;
				assert.ok(address, `${box.name} is not in ${network} by its own host's account`);
				if (address !== former) moved++;
				box.addresses.set(network, address);
			}
		}
		return moved;
	}
}

async function running(cluster: Cluster, host: string, name: string): Promise<ContainerView> {
	const inspect = () => cluster.service(host).containers.inspect(name);
	await waitFor(`${name} runs`, returnedWithinMs, async () => {
		const { state } = await inspect();
		return state === "running" ? undefined : state;
	});
	return inspect();
}
