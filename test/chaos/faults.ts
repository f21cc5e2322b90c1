import { setTimeout as sleep } from "node:timers/promises";
import type { HostView } from "../../src/model/view.ts";
import { waitFor } from "./agree.ts";
import type { Cluster } from "./cluster.ts";
import type { Random } from "./random.ts";

/** Something that happens to hosts of a cluster, and is over. */
export interface Fault {
	readonly text: string;
	/** Hosts that change things all the same. */
	readonly healthy: readonly string[];
	/** Whose containers are, for as long as it lasts, for others to take out. */
	readonly absent: string | undefined;
	strike(): Promise<void>;
	/** Lasts. */
	last(): Promise<void>;
	mend(): Promise<void>;
}

/** Lease, the moment until names hide, grace, and a busy machine. */
const goneWithinMs = 40_000;

/** @returns What happens next: to host2 or host3, to the way between them, or to any agents. Host1 has the store. */
export function nextFault(cluster: Cluster, random: Random): Fault {
	const victim = random.pick(["host2", "host3"]) ?? "host2";
	const others = cluster.hosts.filter((host) => host !== victim);
	const { lab } = cluster.test;
	// Others take it for dead in the end, or it is over before; how long the lease is in between is up to the machine.
	const long = random.chance(0.5);
	const ms = 200 + random.below(6_000);
	const last = () => (long ? untilState(cluster, victim, "gone") : sleep(ms));
	const lasts = long ? "until it is gone" : `for ${ms} ms`;
	const kind = random.next();
	if (kind < 0.35) {
		const [from, to, oneWay] = random.chance(0.5)
			? ([victim, "host1", random.chance(0.4)] as const)
			: (["host1", victim, random.chance(0.4)] as const);
		return {
			text: `${from} is cut off from ${to}${oneWay ? ", one way," : ""} ${lasts}`,
			healthy: others,
			absent: victim,
			strike: async () => lab.partition(from, to, { oneWay }),
			last,
			mend: async () => lab.heal(),
		};
	}
	if (kind < 0.45)
		return {
			text: `host2 and host3 are cut off from each other for ${ms} ms`,
			healthy: cluster.hosts,
			absent: undefined,
			strike: async () => lab.partition("host2", "host3"),
			last: () => sleep(ms),
			mend: async () => lab.heal(),
		};
	if (kind < 0.7)
		return {
			text: `${victim} has no power ${lasts}`,
			healthy: others,
			absent: victim,
			strike: () => lab.kill(victim),
			last,
			mend: () => lab.start(victim),
		};
	if (kind < 0.85)
		return {
			text: `the agent of ${victim} is dead ${lasts}`,
			healthy: others,
			absent: victim,
			strike: () => killAgents(cluster, [victim]),
			last,
			mend: async () => void (await cluster.revive()),
		};
	const some = cluster.hosts.filter(() => random.chance(0.6));
	return {
		text: `the agents of ${some.join(", ") || "nobody"} are dead for ${ms} ms`,
		healthy: [],
		absent: undefined,
		strike: () => killAgents(cluster, some),
		last: () => sleep(ms),
		mend: async () => void (await cluster.revive()),
	};
}

async function killAgents(cluster: Cluster, hosts: readonly string[]): Promise<void> {
	for (const host of hosts) {
		const pid = await cluster.agentPid(host);
		if (pid !== undefined) cluster.test.run(host, "kill", "-KILL", `${pid}`);
	}
}

/** Waits until host1 takes a host for what is said. */
export function untilState(cluster: Cluster, host: string, state: HostView["state"]): Promise<void> {
	return waitFor(`${host} is ${state}`, goneWithinMs, async () => {
		const hosts = await cluster
			.service("host1")
			.hosts()
			.catch(() => []);
		return hosts.find(({ name }) => name === host)?.state === state ? undefined : JSON.stringify(hosts);
	});
}
