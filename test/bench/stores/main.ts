import { writeFileSync } from "node:fs";
import { lineSvg } from "../line.ts";
import { type Converged, converge } from "./converge.ts";
import { startEtcd } from "./etcd-server.ts";
import { report } from "./report.ts";

/** Lets many agents share one etcd, more each time. Arguments: how many; with any, nothing is written. */
const chosen = process.argv.slice(2).map(Number);
const sizes = chosen.length > 0 ? chosen : [50, 100, 200, 500];
const endpointsEach = 50;
const folder = new URL("../../../docs/benchmarks/", import.meta.url);

const all: Converged[] = [];
for (const hosts of sizes) {
	const etcd = await startEtcd();
	try {
		console.log(`${hosts} hosts …`);
		all.push(await converge(etcd, hosts, endpointsEach));
	} finally {
		etcd.close();
	}
}
const text = report(all, endpointsEach);
console.log(text);
if (chosen.length === 0) {
	const values = all.map(({ cpuMsPerEndpoint, etcdCpuMsPerEndpoint }) => cpuMsPerEndpoint + etcdCpuMsPerEndpoint);
	const most = sizes.at(-1) ?? 0;
	writeFileSync(new URL("many-hosts.md", folder), text);
	writeFileSync(
		new URL("many-hosts.svg", folder),
		lineSvg("All hosts and etcd, ms of CPU for an endpoint", {
			values,
			xLabel: `hosts (${sizes.join(", ")})`,
			xMost: most,
		}),
	);
}
process.exit();
