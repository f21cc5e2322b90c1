import { type ChildProcess, fork } from "node:child_process";
import { createNetwork } from "../../../src/control/create-network.ts";
import { openEtcdStore } from "../../../src/store/etcd.ts";
import { host } from "../../control-host.ts";
import { cpuMs } from "../scale/agent.ts";
import { type EtcdServer, requestsOf } from "./etcd-server.ts";
import { hostsEach, networksEach, type Order, type Told } from "./order.ts";

export interface Converged {
	readonly hosts: number;
	/** From the start of all agents until each knows all members. */
	readonly startMs: number;
	/** From the first join until the last agent knows, and its kernel holds, all endpoints of its networks. */
	readonly convergeMs: number;
	readonly requestsPerEndpoint: number;
	/** Of the agents, and of etcd. */
	readonly cpuMsPerEndpoint: number;
	readonly etcdCpuMsPerEndpoint: number;
	readonly megabytesEach: number;
}

/** One process for each processor: the agents of one share it, as they would not. */
const workers = 2;

/** Lets `hosts` agents join `each` endpoints at once. */
export async function converge(etcd: EtcdServer, hosts: number, each: number): Promise<Converged> {
	const names = await createNetworks(etcd.url, (hosts * networksEach) / hostsEach);
	const known = (each / networksEach) * hostsEach * networksEach;
	const began = performance.now();
	const running = Array.from({ length: workers }, (_, w) => {
		const first = Math.round((hosts * w) / workers);
		const count = Math.round((hosts * (w + 1)) / workers) - first;
		return start({ url: etcd.url, first, count, hosts, networks: names, each, known });
	});
	await Promise.all(running.map((worker) => told(worker, "started")));
	const joinBegan = performance.now();
	const [requests, etcdCpu] = [await requestsOf(etcd), cpuMs(etcd.pid)];
	const joined = running.map((worker) => told(worker, "joined"));
	const converged = running.map((worker) => told(worker, "converged"));
	for (const worker of running) worker.send("join");
	await Promise.all(joined);
	const ends = await Promise.all(converged);
	const convergeMs = performance.now() - joinBegan;
	const endpoints = hosts * each;
	const figures = {
		hosts,
		startMs: joinBegan - began,
		convergeMs,
		requestsPerEndpoint: ((await requestsOf(etcd)) - requests) / endpoints,
		cpuMsPerEndpoint: ends.reduce((sum, end) => sum + end.cpuMs, 0) / endpoints,
		etcdCpuMsPerEndpoint: (cpuMs(etcd.pid) - etcdCpu) / endpoints,
		megabytesEach: ends.reduce((sum, end) => sum + end.megabytesEach, 0) / workers,
	};
	await Promise.all(running.map((worker) => end(worker)));
	return figures;
}

async function createNetworks(url: string, count: number): Promise<string[]> {
	const store = openEtcdStore("etcd://bench", [url]);
	const context = { ...host(1, store), now: () => Date.now() };
	const names = Array.from({ length: count }, (_, n) => `net${n}`);
	for (const name of names)
		await createNetwork(context, { name, driver: "overlay", pool: {}, internal: true, labels: {} });
	await store.close();
	return names;
}

function start(order: Order): ChildProcess {
	const worker = fork(new URL("worker.ts", import.meta.url), {
		stdio: ["ignore", "inherit", "inherit", "ipc"],
	});
	worker.send(order);
	return worker;
}

/** @returns What a worker tells when it has come to that state. */
function told<S extends Told["state"]>(worker: ChildProcess, state: S): Promise<Extract<Told, { state: S }>> {
	return new Promise((resolve, reject) => {
		worker.on("message", (message: Told) => {
			if (message.state === state) resolve(message as Extract<Told, { state: S }>);
		});
		worker.once("exit", (code) => reject(new Error(`a worker ended before it was ${state}: ${code}`)));
	});
}

function end(worker: ChildProcess): Promise<void> {
	return new Promise((resolve) => {
		worker.once("exit", () => resolve());
		worker.send("end");
	});
}
