import { median, quantile } from "../stats.ts";
import { markdownTable } from "../table.ts";
import type { sizes as defaults, Figures } from "./figures.ts";

/** @returns The page of docs/benchmarks. */
export function report(figures: Figures, sizes: typeof defaults): string {
	const { steps, adoptMs, first, loop, idlePercent, changeAloneMs = Number.NaN, restartedMegabytes } = figures;
	const thousands = (n: number) => n.toLocaleString("en-US");
	return [
		"# One host, many endpoints",
		"",
		`A host with ${thousands(sizes.local)} endpoints in ${sizes.networks} networks, and ${thousands(sizes.remote)} endpoints of other hosts in the same networks; the store is on another`,
		"host of the lab. The release. Attaching is measured through the API, from request to answer, one after the other. Written by",
		"`make bench-scale`.",
		"",
		markdownTable(
			["endpoints there", "attach, median ms", "p99 ms", "a change elsewhere, ms of CPU", "agent, MB", "names, MB"],
			[
				...steps.map(({ present, attachMs, changeMs, agentMegabytes, namesMegabytes }) => [
					thousands(present),
					median(attachMs).toFixed(1),
					quantile(attachMs, 0.99).toFixed(1),
					changeMs.toFixed(2),
					agentMegabytes.toFixed(0),
					namesMegabytes.toFixed(0),
				]),
				["goal", "≤ 15", "–", "≤ 1", "≤ 100", "≤ 80"],
			],
		),
		"",
		markdownTable(
			["", "measured", "goal"],
			[
				["adopt all of it after kill -9, from exec to in sync, ms", median(adoptMs).toFixed(0), "≤ 2,000"],
				["the agent's memory after that, MB", restartedMegabytes.toFixed(0), "≤ 100"],
				[
					`the first endpoint in a network of ${sizes.remote / sizes.networks} elsewhere, ms`,
					median(first).toFixed(1),
					"–",
				],
				["a change elsewhere in a network with nothing else, ms of CPU", changeAloneMs.toFixed(2), "≤ 1"],
				["the event loop held up while attaching, p99 ms", (loop?.p99 ?? Number.NaN).toFixed(1), "–"],
				["the longest time, ms", (loop?.max ?? Number.NaN).toFixed(0), "–"],
				["with nothing to do but the audit, % of a processor", idlePercent.toFixed(1), "–"],
			],
		),
		"",
		"![attaching, one after the other](scale.svg)",
		"",
	].join("\n");
}
