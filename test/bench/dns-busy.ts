import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { TestLab } from "../e2e/with-lab.ts";
import { median, quantile } from "./stats.ts";

/** How a steady stream of questions was answered. */
export interface Answered {
	readonly asked: number;
	readonly lost: number;
	readonly medianMs: number;
	readonly p99Ms: number;
}

export interface Busy {
	readonly idle: Answered;
	readonly attaching: Answered;
	readonly restarting: Answered;
}

const perSecond = 1_000;
const seconds = 6;

/** Asks for a name in a container of a lab host while `work` is under way. */
async function ask(lab: TestLab, work: () => Promise<unknown>): Promise<Answered> {
	const dnsperf = [
		"-s",
		"127.0.0.11",
		"-l",
		`${seconds}`,
		"-Q",
		`${perSecond}`,
		"-q",
		"1000",
		"-v",
		"-d",
		"/run/questions",
	];
	const child = lab.inNetns("host1", "bbox1", ["dnsperf", ...dnsperf]);
	let said = "";
	child.stdout?.on("data", (chunk) => {
		said += String(chunk);
	});
	// It may end before the work does.
	const ended = once(child, "exit");
	await sleep(500);
	await work();
	await ended;
	// "> NOERROR bbox2 A 0.000123"
	const times = [...said.matchAll(/^> NOERROR \S+ A ([\d.]+)$/gm)].map((match) => Number(match[1]) * 1000);
	const sent = Number(/Queries sent:\s+(\d+)/.exec(said)?.[1]);
	return { asked: sent, lost: sent - times.length, medianMs: median(times), p99Ms: quantile(times, 0.99) };
}

export async function measureBusy(log: (line: string) => void): Promise<Busy> {
	const lab = new TestLab("dnsbusy");
	await lab.lab.down();
	try {
		await lab.lab.up({ hosts: 1, agents: true, onProgress: () => {} });
		lab.weft("host1", "network", "create", "blue");
		lab.weft("host1", "network", "create", "hundred");
		for (const name of ["bbox1", "bbox2"]) lab.sleeper("host1", name, "blue");
		lab.lab.exec("host1", ["sh", "-c", "echo bbox2 A >/run/questions"]);
		log("answers of an idle host …");
		const idle = await ask(lab, async () => {});
		log("answers while the agent attaches 100 endpoints …");
		const script = new URL("attach.ts", import.meta.url).pathname;
		const attaching = await ask(lab, () => lab.runAside("host1", process.execPath, script, "100", "0"));
		log("answers while the agent is killed and starts again …");
		const restarting = await ask(lab, async () => {
			process.kill(lab.agentPid("host1"), "SIGKILL");
			await sleep(500);
			await lab.runAside("host1", "weft", "launch");
		});
		return { idle, attaching, restarting };
	} finally {
		await lab.lab.down();
	}
}
