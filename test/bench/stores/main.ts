import { writeFileSync } from "node:fs";
import { lineSvg } from "../line.ts";
import { type Converged, converge } from "./converge.ts";
import { startEtcd } from "./etcd-server.ts";
import { measureReach, storeKinds } from "./reach.ts";
import { report, reportReach } from "./report.ts";

/** Measures how soon a container is reached on each store, and lets many agents share one etcd, more each time. Arguments: how many; with any, nothing is written. */
const chosen = process.argv.slice(2).map(Number);
const sizes = chosen.length > 0 ? chosen : [50, 100, 200, 500];
const endpointsEach = 50;
const reachRounds = 60;
const folder = new URL("../../../docs/benchmarks/", import.meta.url);

const reach = [];
for (const kind of storeKinds) {
	console.log(`${kind} …`);
	reach.push({ kind, times: await measureReach(kind, reachRounds) });
}
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
const reached = reportReach(reach);
console.log(`${reached}\n${text}`);
if (chosen.length === 0) {
	const values = all.map(({ cpuMsPerEndpoint, etcdCpuMsPerEndpoint }) => cpuMsPerEndpoint + etcdCpuMsPerEndpoint);
	const most = sizes.at(-1) ?? 0;
	writeFileSync(new URL("stores.md", folder), reached);
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
