import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { buildRelease } from "../../scripts/build.ts";
import { labPaths, underlay } from "../../src/lab/names.ts";
import { TestLab } from "../e2e/with-lab.ts";
import { median, quantile } from "./stats.ts";
import { markdownTable } from "./table.ts";

/** Measures what a person waits for a verb, against what Node takes to start and do nothing: interleaved, so that both have the same noise. */
const rounds = 21;
const goal = 2;
const repository = new URL("../../", import.meta.url).pathname;
const weft = join(repository, "bin/weft");
const lab = new TestLab("benchcli");
/** The host's disk, where this machine and the host both see it. */
const socketName = "weft.sock";
const socketPath = join(labPaths(lab.lab.name).hostState("host1"), socketName);

interface Variant {
	readonly what: string;
	readonly argv: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	readonly goal?: number;
}

const release = { WEFT_DIST: "1" };
const variants: readonly Variant[] = [
	{ what: "`node -e 0`", argv: [process.execPath, "-e", "0"] },
	{ what: "`weft network ls`", argv: [weft, "network", "ls"], env: release, goal },
	{ what: "`weft ps`", argv: [weft, "ps"], env: release, goal },
	{ what: "`weft status`", argv: [weft, "status"], env: release, goal },
	{ what: "`weft --help`", argv: [weft, "--help"], env: release, goal },
	{
		what: "a completion: `weft complete -- network rm b`",
		argv: [weft, "complete", "--", "network", "rm", "b"],
		env: release,
		goal,
	},
	{ what: "`weft network ls`, from the sources", argv: [weft, "network", "ls"] },
];

/** @returns Ms. */
function timed({ argv: [program = "", ...args], env = {}, what }: Variant): number {
	const began = performance.now();
	const { status, stderr } = spawnSync(program, args, {
		encoding: "utf8",
		env: { ...process.env, WEFT_SOCKET: socketPath, ...env },
	});
	const tookMs = performance.now() - began;
	if (status !== 0) throw new Error(`${what}: ${stderr}`);
	return tookMs;
}

function rows(times: readonly (readonly number[])[]): string[][] {
	const bare = median(times[0] ?? []);
	return variants.map(({ what, goal: most }, i) => {
		const own = times[i] ?? [];
		return [
			what,
			median(own).toFixed(1),
			quantile(own, 0.9).toFixed(1),
			(median(own) / bare).toFixed(2),
			most === undefined ? "–" : `≤ ${most}`,
		];
	});
}

await lab.lab.down();
try {
	await buildRelease(join(repository, "dist"));
	await lab.lab.up({ hosts: 1, agents: false, onProgress: () => {} });
	const flags = ["--advertise-addr", underlay.address(1)];
	lab.lab.exec("host1", [
		"env",
		`WEFT_SOCKET=/var/lib/weft/${socketName}`,
		...["WEFT_DIST=1", weft, "launch"],
		...flags,
	]);
	for (const name of ["blue", "black", "red"]) timed({ what: name, argv: [weft, "network", "create", name] });
	const times: number[][] = variants.map(() => []);
	for (let round = 0; round < rounds; round++)
		for (const [i, variant] of variants.entries()) times[i]?.push(timed(variant));
	const text = [
		"# What a verb takes",
		"",
		`From start to end of the process, a real agent behind it; medians of ${rounds} interleaved rounds, on a machine of ${cpus().length} cores that`,
		"others use, too: the ratio to a bare Node is what counts. The release, where nothing else is said. Written by `make bench-cli`.",
		"",
		markdownTable(["", "median ms", "p90 ms", "ratio", "goal"], rows(times)),
		"",
	].join("\n");
	console.log(text);
	writeFileSync(join(repository, "docs/benchmarks/cli.md"), text);
} finally {
	await lab.lab.down();
}
process.exit();
