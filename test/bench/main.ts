import { writeFileSync } from "node:fs";
import { TestLab } from "../e2e/with-lab.ts";
import { barsSvg } from "./bars.ts";

/** Measures the main job on two hosts of a lab: verbs, and the overlay against the bare underlay in interleaved rounds. */
const rounds = 30;
const lab = new TestLab("bench");
const folder = new URL("../../docs/benchmarks/", import.meta.url);
const goals: Record<string, number> = { create: 10, connect: 15, disconnect: 20, rm: Number.NaN };

function quantile(values: readonly number[], q: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** @returns Mbit/s of one TCP connection, measured by iperf3 for 2 s between two namespaces. */
function throughput(address: string, server: () => void, client: (...argv: string[]) => string): number {
	server();
	const said = JSON.parse(client("iperf3", "-J", "-t", "2", "-c", address)) as {
		end: { sum_received: { bits_per_second: number } };
	};
	return said.end.sum_received.bits_per_second / 1e6;
}

/** @returns The mean round trip in ms. */
function roundTrip(said: string): number {
	return Number(/= [\d.]+\/([\d.]+)\//.exec(said)?.[1]);
}

await lab.lab.down();
try {
	await lab.lab.up({ hosts: 2, agents: true, onProgress: ({ host, what }) => console.log(`${host} ${what}`) });
	lab.weft("host1", "network", "create", "blue");
	lab.sleeper("host1", "bbox1", "blue");
	lab.sleeper("host2", "bbox2", "blue");
	const verbs = new URL("verbs.ts", import.meta.url).pathname;
	const times = JSON.parse(lab.lab.exec("host1", [process.execPath, verbs, String(rounds)])) as Record<
		string,
		number[]
	>;
	const inside = (...argv: string[]) => {
		const { code, stdout, stderr } = lab.attack("host2", "bbox2", ...argv);
		if (code !== 0) throw new Error(stderr || stdout);
		return stdout;
	};
	const outside = (...argv: string[]) => lab.lab.exec("host2", argv);
	const tcp: { under: number; over: number }[] = [];
	const rtt: { under: number; over: number }[] = [];
	const settle = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
	for (let n = 0; n < 3; n++) {
		const under = throughput(
			"192.168.56.101",
			() => (lab.lab.spawn("host1", ["iperf3", "-s", "-1"], "ignore"), settle()),
			outside,
		);
		const over = throughput(
			"10.0.0.2",
			() => (lab.inNetns("host1", "bbox1", ["iperf3", "-s", "-1"]), settle()),
			inside,
		);
		tcp.push({ under, over });
		const flags = ["-q", "-i", "0.002", "-c", "500"];
		rtt.push({
			under: roundTrip(outside("ping", ...flags, "192.168.56.101")),
			over: roundTrip(inside("ping", ...flags, "10.0.0.2")),
		});
	}
	const ratio = (pairs: readonly { under: number; over: number }[]) =>
		quantile(
			pairs.map(({ under, over }) => over / under),
			0.5,
		);
	const rows = Object.entries(times).map(([verb, values]) => ({
		verb: `network ${verb}`,
		median: quantile(values, 0.5),
		p99: quantile(values, 0.99),
		goal: goals[verb] ?? Number.NaN,
	}));
	const text = [
		"# The main job, measured",
		"",
		`Two hosts in namespaces of one machine (2 cores), the embedded store on the first; ${rounds} rounds of each verb through the API, from request to`,
		"answer: when it comes, the kernel holds it and the name answers. Written by `make bench`.",
		"",
		"| | median ms | p99 ms | goal ms |",
		"|---|---|---|---|",
		...rows.map(
			({ verb, median, p99, goal }) =>
				`| ${verb} | ${median.toFixed(1)} | ${p99.toFixed(1)} | ${Number.isNaN(goal) ? "–" : `≤ ${goal}`} |`,
		),
		"",
		"Overlay against the bare underlay, medians of 3 interleaved rounds:",
		"",
		"| | underlay | overlay | ratio |",
		"|---|---|---|---|",
		`| TCP, Mbit/s | ${quantile(
			tcp.map(({ under }) => under),
			0.5,
		).toFixed(0)} | ${quantile(
			tcp.map(({ over }) => over),
			0.5,
		).toFixed(0)} | ${ratio(tcp).toFixed(2)} |`,
		`| round trip, ms | ${quantile(
			rtt.map(({ under }) => under),
			0.5,
		).toFixed(3)} | ${quantile(
			rtt.map(({ over }) => over),
			0.5,
		).toFixed(3)} | ${ratio(rtt).toFixed(2)} |`,
		"",
		"![medians and goals](main-job.svg)",
		"",
	].join("\n");
	console.log(text);
	writeFileSync(new URL("main-job.md", folder), text);
	writeFileSync(new URL("main-job.svg", folder), barsSvg("Median and p99 of each verb, ms", rows));
} finally {
	await lab.lab.down();
}
process.exit();
