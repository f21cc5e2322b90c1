import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { listNetworks } from "../../../src/control/find-network.ts";
import type { Network } from "../../../src/model/network.ts";
import { residentMegabytes } from "../memory.ts";
import { Agent, cpuMs, idle } from "./agent.ts";
import type { Figures, Step } from "./figures.ts";
import { Generator, openStoreOf } from "./generator.ts";

/**
 * Runs on the host that is measured: fills it with endpoints, and its networks with endpoints of hosts that are not there, and
 * prints what it measured on the way as JSON.
 */
const [weft = "", token = "", address = "", storeUrl = "", sizes = "{}"] = process.argv.slice(2);
const { networks, local, remote, rounds, changes, idleSeconds } = JSON.parse(sizes) as Record<string, number> &
	typeof import("./figures.ts").sizes;
const pauseMs = 30;
const agent = new Agent(weft);
const { service } = agent;

await agent.launch("--name", "host2", "--advertise-addr", address, "--join", token);
const store = openStoreOf("/var/lib/weft", storeUrl);
const generator = new Generator(store, 10);
await generator.hosts();

const made: Network[] = [];
for (let n = 0; n < networks; n++) {
	const request = {
		name: `net${n}`,
		driver: "overlay",
		subnet: `10.${100 + n}.0.0/21`,
		auxAddresses: {},
		internal: false,
	};
	await service.networks.create({ ...request, labels: {} });
}
made.push(...(await listNetworks(store)).toSorted((a, b) => a.vni - b.vni));
const lines = Array.from({ length: local + 1 }, (_, n) => `netns add one${n}\n`).join("");
execFileSync("ip", ["-batch", "-"], { input: lines });

const attach = async (n: number): Promise<number> => {
	const began = performance.now();
	await service.attach({ netns: `one${n}`, network: `net${n % networks}`, name: `one${n}`, aliases: [] });
	return performance.now() - began;
};

/** Attaches and detaches one namespace, which is not there before and after. */
async function attachAgain(n: number): Promise<number[]> {
	const times: number[] = [];
	for (let round = 0; round < rounds; round++) {
		times.push(await attach(n));
		await service.detach({ name: `one${n}` });
		await sleep(pauseMs);
	}
	return times;
}

/** @returns Ms of the agent's processor for one endpoint of another host that comes, or goes. */
async function remoteChange(): Promise<number> {
	const one = generator.endpoint(made[0] as Network, remote / networks);
	await idle(agent.pid);
	const before = cpuMs(agent.pid);
	for (let n = 0; n < changes; n += 2) {
		await generator.come(one);
		await sleep(5);
		await generator.go(one);
		await sleep(5);
	}
	await sleep(200);
	return (cpuMs(agent.pid) - before) / changes;
}

const figures: Figures = { filling: [], first: [], steps: [], adoptMs: [], idlePercent: 0, restartedMegabytes: 0 };

async function measure(present: number): Promise<void> {
	await idle(agent.pid);
	const attachMs = await attachAgain(local);
	const changeMs = await remoteChange();
	const step: Step = {
		present,
		attachMs,
		changeMs,
		agentMegabytes: residentMegabytes(agent.pid),
		namesMegabytes: residentMegabytes(await agent.namesPid()),
	};
	figures.steps.push(step);
	console.error(`with ${present} there …`);
}

async function fill(from: number, to: number): Promise<void> {
	await agent.loopDelay();
	for (let n = from; n < to; n++) figures.filling.push(await attach(n));
	figures.loop = await agent.loopDelay();
}

figures.filling.push(await attach(0));
figures.changeAloneMs = await remoteChange();
for (const network of made)
	await generator.put(Array.from({ length: remote / networks }, (_, n) => generator.endpoint(network, n)));
await idle(agent.pid);
await measure(1);
for (let n = 1; n < networks; n++) {
	const ms = await attach(n);
	figures.filling.push(ms);
	figures.first.push(ms);
}
await fill(networks, 100);
await measure(100);
await fill(100, local);
await measure(local);
for (let n = 0; n < 3; n++) {
	agent.kill();
	await sleep(500);
	figures.adoptMs.push(await agent.launch());
	await sleep(2_000);
}
await idle(agent.pid);
figures.restartedMegabytes = residentMegabytes(agent.pid);
const before = cpuMs(agent.pid);
await sleep(idleSeconds * 1000);
figures.idlePercent = (cpuMs(agent.pid) - before) / (idleSeconds * 10);
process.stdout.write(JSON.stringify(figures));
process.exit();
