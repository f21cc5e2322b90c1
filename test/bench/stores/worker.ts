import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { residentMegabytes } from "../memory.ts";
import { type SimulatedAgent, startAgent } from "./agent.ts";
import { networksOf, type Order, type Told } from "./order.ts";

/** Runs some of the agents, as `converge.ts` asks: starts them, lets each join its containers, and waits until each knows what it must. */
const [order] = (await once(process, "message")) as [Order];
const { url, first, count, hosts, networks, each, known } = order;

function tell(told: Told): void {
	process.send?.(told);
}

async function until(what: string, holds: () => boolean): Promise<void> {
	for (const deadline = performance.now() + 300_000; !holds(); await sleep(20))
		if (performance.now() > deadline) throw new Error(`not within 5 min: ${what}`);
}

const emptyMegabytes = residentMegabytes(process.pid);
const agents: SimulatedAgent[] = await Promise.all(Array.from({ length: count }, (_, i) => startAgent(first + i, url)));
await until("all members are known", () => agents.every((agent) => agent.hosts() >= hosts));
tell({ state: "started" });
await once(process, "message");
const cpu = process.cpuUsage();
await Promise.all(agents.map((agent, i) => agent.join(networksOf(first + i, networks), each)));
tell({ state: "joined" });
await until("all endpoints are known", () => agents.every((agent) => agent.endpoints() >= known));
await Promise.all(agents.map((agent) => agent.settled()));
const { user, system } = process.cpuUsage(cpu);
tell({
	state: "converged",
	cpuMs: (user + system) / 1000,
	megabytesEach: (residentMegabytes(process.pid) - emptyMegabytes) / count,
});
await once(process, "message");
await Promise.all(agents.map((agent) => agent.close()));
process.exit();
