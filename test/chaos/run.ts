import { setTimeout as sleep } from "node:timers/promises";
import type { Point } from "../../src/lib/point.ts";
import { agree } from "./agree.ts";
import { Cluster } from "./cluster.ts";
import { Model } from "./model.ts";
import { type Operation, Operations } from "./operations.ts";
import { Random } from "./random.ts";
import { checkReach } from "./reach.ts";

export interface ChaosOptions {
	readonly lab: string;
	readonly seed: number;
	readonly operations: number;
	readonly seconds: number;
	readonly log: (line: string) => void;
}

const points: readonly Point[] = [
	"sandbox added",
	"join noted",
	"join stored",
	"leave released",
	"leave noted",
	"plan sent",
	"nft sent",
	"container connected",
	"container written",
	"container prepared",
	"sandbox removed",
];

/**
 * Random operations on three hosts while agents, name servers and containers are killed; after each, every host has to hold what
 * the model says, no more and no less; now and then pings and lookups have to agree with it too.
 */
export async function chaos({
	lab,
	seed,
	operations,
	seconds,
	log,
}: ChaosOptions): Promise<{ done: number; deaths: number }> {
	const random = new Random(seed);
	const cluster = new Cluster(lab, 3);
	const model = new Model();
	const choose = new Operations(random, model, cluster.hosts, {
		killProcess: (host, pid) => cluster.killProcess(host, pid),
	});
	const deadline = performance.now() + seconds * 1000;
	let [done, deaths] = [0, 0];
	try {
		await cluster.up();
		for (; done < operations && performance.now() < deadline; done++) {
			const operation = choose.next();
			const violence = await prepareViolence(cluster, model, random, operation.host);
			log(`${done + 1} ${operation.host}: ${operation.text}${violence.text}`);
			deaths += await carryOut(cluster, model, operation, violence);
			await agree(cluster, model);
			const from = random.chance(0.2) ? random.pick(model.running()) : undefined;
			if (from !== undefined) await checkReach(cluster, model, from);
		}
		return { done, deaths };
	} catch (error) {
		for (const host of cluster.hosts) log(`${host} told:\n${cluster.agentLog(host)}`);
		throw error;
	} finally {
		await cluster.down();
	}
}

interface Violence {
	readonly text: string;
	/** Does it, while the operation is under way. */
	strike(): Promise<void>;
	note(): void;
}

const peace: Violence = { text: "", strike: async () => {}, note() {} };

async function prepareViolence(cluster: Cluster, model: Model, random: Random, host: string): Promise<Violence> {
	const kind = random.next();
	if (kind < 0.45) return peace;
	if (kind < 0.75) {
		const armed = { point: random.pick(points) ?? "plan sent", nth: 1 + random.below(2) };
		return {
			...peace,
			text: `, the agent dies at "${armed.point}" ${armed.nth}`,
			strike: async () => cluster.arm(host, armed),
		};
	}
	const [victim, delayMs] = [random.pick(cluster.hosts) ?? host, random.below(80)];
	if (kind < 0.9) return killLater(cluster, victim, `the agent of ${victim}`, delayMs, await cluster.agentPid(victim));
	const box = random.pick(model.running());
	if (kind < 0.95 || box === undefined) {
		const { names } = await cluster.service(victim).status();
		return killLater(cluster, victim, `the name server of ${victim}`, delayMs, names.pid);
	}
	const { pid } = await cluster.service(box.host).containers.inspect(box.name);
	// It ends whenever the blow falls; the model is told when the operation is over.
	return { ...killLater(cluster, box.host, `the process of ${box.name}`, delayMs, pid), note: () => model.die(box) };
}

function killLater(cluster: Cluster, host: string, what: string, delayMs: number, pid: number | undefined): Violence {
	return {
		...peace,
		text: `, ${what} is killed after ${delayMs} ms`,
		async strike() {
			await sleep(delayMs);
			if (pid !== undefined) cluster.killProcess(host, pid);
		},
	};
}

/** Asks, and asks again after each death, until it is done. @returns The agents that died. */
async function carryOut(cluster: Cluster, model: Model, operation: Operation, violence: Violence): Promise<number> {
	let deaths = 0;
	const armed = violence.strike();
	if (violence.text.includes(" dies at ")) await armed;
	for (let attempt = 1; ; attempt++) {
		try {
			await operation.run(cluster.service(operation.host));
			break;
		} catch (error) {
			await armed;
			deaths += await revive(cluster, model);
			// What was taken back halfway goes when the store is there again.
			if (violence.text === "" || attempt > 20) throw error;
			await sleep(200);
		}
	}
	await armed;
	cluster.disarm(operation.host);
	const late = await cluster.revive();
	await operation.note(model, cluster.service(operation.host));
	violence.note();
	// Those died when the operation was done: what it stopped may have begun again.
	for (const host of late) model.noteAgentStart(host);
	return deaths + late.length;
}

/** @returns How many agents had died. */
async function revive(cluster: Cluster, model: Model): Promise<number> {
	const dead = await cluster.revive();
	for (const host of dead) model.noteAgentStart(host);
	return dead.length;
}
