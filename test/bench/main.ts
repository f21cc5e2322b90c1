import { writeFileSync } from "node:fs";
import { TestLab } from "../e2e/with-lab.ts";
import { barsSvg } from "./bars.ts";
import { measurePath, type PathRound } from "./path.ts";
import { median, quantile } from "./stats.ts";
import { markdownTable } from "./table.ts";

/** Measures the main job on two hosts of a lab: verbs, attaching, and the overlay against the bare underlay. */
const [verbRounds, pathRounds, endpoints] = [40, 5, 100];
const folder = new URL("../../docs/benchmarks/", import.meta.url);

interface Row {
	readonly verb: string;
	readonly median: number;
	readonly p99: number;
	/** NaN: none was set. */
	readonly goal: number;
}

function onHost1(lab: TestLab, script: string, ...args: readonly number[]): Record<string, number[]> {
	const path = new URL(script, import.meta.url).pathname;
	return JSON.parse(lab.lab.exec("host1", [process.execPath, path, ...args.map(String)])) as Record<string, number[]>;
}

function row(verb: string, values: readonly number[] = [], goal = Number.NaN): Row {
	return { verb, median: median(values), p99: quantile(values, 0.99), goal };
}

function verbRows(lab: TestLab): Row[] {
	const verbs = onHost1(lab, "verbs.ts", verbRounds);
	const attach = onHost1(lab, "attach.ts", endpoints, verbRounds);
	return [
		row("network create", verbs["create"], 10),
		row("network connect", verbs["connect"], 15),
		row("network disconnect", verbs["disconnect"], 20),
		row("network rm", verbs["rm"]),
		row(`attach, 1 to ${endpoints}`, attach["filling"]),
		row(`attach, ${endpoints} there`, attach["attach"]),
		row(`detach, ${endpoints} there`, attach["detach"]),
	];
}

function pathTable(rounds: readonly PathRound[]): string {
	const line = (what: string, pairs: readonly { under: number; over: number }[], digits: number) => [
		what,
		median(pairs.map(({ under }) => under)).toFixed(digits),
		median(pairs.map(({ over }) => over)).toFixed(digits),
		median(pairs.map(({ under, over }) => over / under)).toFixed(2),
	];
	return markdownTable(
		["", "underlay", "overlay", "ratio"],
		[
			line(
				"TCP, Mbit/s",
				rounds.map(({ tcp }) => tcp),
				0,
			),
			line(
				"round trip, µs",
				rounds.map(({ rtt }) => rtt),
				1,
			),
		],
	);
}

function report(rows: readonly Row[], rounds: readonly PathRound[]): string {
	return [
		"# The main job, measured",
		"",
		"Two hosts in namespaces of one machine (2 cores), the embedded store on the first. Each verb through the API, from request to",
		`answer: when it comes, the kernel holds it and the name answers. ${verbRounds} rounds. Written by \`make bench\`.`,
		"",
		markdownTable(
			["", "median ms", "p99 ms", "goal ms"],
			rows.map(({ verb, median: middle, p99, goal }) => [
				verb,
				middle.toFixed(1),
				p99.toFixed(1),
				Number.isNaN(goal) ? "–" : `≤ ${goal}`,
			]),
		),
		"",
		`Overlay against the bare underlay, medians of ${pathRounds} interleaved rounds:`,
		"",
		pathTable(rounds),
		"",
		"![medians and goals](main-job.svg)",
		"",
	].join("\n");
}

const lab = new TestLab("bench");
await lab.lab.down();
try {
	await lab.lab.up({ hosts: 2, agents: true, onProgress: ({ host, what }) => console.log(`${host} ${what}`) });
	lab.weft("host1", "network", "create", "blue");
	lab.weft("host1", "network", "create", "hundred");
	lab.sleeper("host1", "bbox1", "blue");
	lab.sleeper("host2", "bbox2", "blue");
	console.log("verbs …");
	const rows = verbRows(lab);
	const rounds: PathRound[] = [];
	for (let n = 1; n <= pathRounds; n++) {
		console.log(`overlay against underlay, ${n} of ${pathRounds} …`);
		rounds.push(measurePath(lab));
	}
	const text = report(rows, rounds);
	console.log(`\n${text}`);
	writeFileSync(new URL("main-job.md", folder), text);
	writeFileSync(new URL("main-job.svg", folder), barsSvg("Median and p99 of each verb, ms", rows));
} finally {
	await lab.lab.down();
}
process.exit();
