import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { json } from "node:stream/consumers";
import { buildRelease } from "../../../scripts/build.ts";
import { underlay } from "../../../src/lab/names.ts";
import { TestLab, weftProgram } from "../../e2e/with-lab.ts";
import { lineSvg } from "../line.ts";
import { median } from "../stats.ts";
import { sizes as defaults, type Figures } from "./figures.ts";
import { report } from "./report.ts";

/** Measures a host with many endpoints in networks with many more. An argument of JSON changes the sizes, and writes nothing. */
const repository = new URL("../../../", import.meta.url).pathname;
const test = new TestLab("scale");
const [changed] = process.argv.slice(2);
const sizes = { ...defaults, ...(JSON.parse(changed ?? "{}") as Partial<typeof defaults>) };
/** Attachments behind one point of the curve. */
const windowSize = 25;

async function measure(): Promise<Figures> {
	await test.lab.up({ hosts: 2, agents: false, onProgress: () => {} });
	const [address, far] = [underlay.address(2), underlay.address(1)];
	test.lab.exec("host1", ["env", "WEFT_DIST=1", weftProgram, "launch", "--name", "host1", "--advertise-addr", far]);
	const script = new URL("inside.ts", import.meta.url).pathname;
	const args = [weftProgram, test.weft("host1", "token"), address, `https://${far}:4790`, JSON.stringify(sizes)];
	const inside = test.lab.spawn("host2", [process.execPath, script, ...args], ["ignore", "pipe", "inherit"]);
	assert.ok(inside.stdout);
	return (await json(inside.stdout)) as Figures;
}

await test.lab.down();
try {
	await buildRelease(`${repository}dist`);
	const figures = await measure();
	const text = report(figures, sizes);
	console.log(text);
	if (changed === undefined) {
		const { filling } = figures;
		const values = filling
			.filter((_, i) => i % windowSize === 0)
			.map((_, i) => median(filling.slice(i * windowSize, (i + 1) * windowSize)));
		const curve = { values, goal: 15, xLabel: "endpoints", xMost: sizes.local };
		writeFileSync(`${repository}docs/benchmarks/scale.md`, text);
		writeFileSync(`${repository}docs/benchmarks/scale.svg`, lineSvg("Attaching, median ms", curve));
	}
} finally {
	await test.lab.down();
}
process.exit();
