import { median, quantile } from "../stats.ts";
import { markdownTable } from "../table.ts";
import type { Converged } from "./converge.ts";
import { hostsEach, networksEach } from "./order.ts";

/** @returns The page of docs/benchmarks about the stores. */
export function reportReach(all: readonly { readonly kind: string; readonly times: readonly number[] }[]): string {
	return [
		"# How soon a container is reached",
		"",
		"Three hosts of a lab on one machine (2 cores), the store on the first. From the return of `network connect` on the second host to the first",
		"answer that a container of the third, which pings it every 2 ms, has from there; 0 when that came before. Written by `make bench-stores`.",
		"",
		markdownTable(
			["store", "rounds", "median ms", "p99 ms", "goal ms"],
			all.map(({ kind, times }) => [
				kind,
				`${times.length}`,
				median(times).toFixed(1),
				quantile(times, 0.99).toFixed(1),
				kind === "etcd" ? "p99 ≤ 50" : "–",
			]),
		),
		"",
	].join("\n");
}

/** @returns The page of docs/benchmarks about many hosts. */
export function report(all: readonly Converged[], endpointsEach: number): string {
	return [
		"# Many hosts on one etcd",
		"",
		`Agents in two processes of one machine (2 cores, etcd among them), each with its own connection: real membership, control, view and`,
		`reconciling; a fake kernel. Each host is in ${networksEach} networks, each network has ${hostsEach} hosts, and all hosts join ${endpointsEach} endpoints at once. It has`,
		"converged when each host knows, and its kernel holds, all endpoints of its networks. Written by `make bench-stores`.",
		"",
		markdownTable(
			[
				"hosts",
				"endpoints",
				"all members known, s",
				"all endpoints everywhere, s",
				"requests for an endpoint",
				"CPU of all hosts for it, ms",
				"of etcd, ms",
				"memory of an agent, MB",
			],
			all.map((one) => [
				`${one.hosts}`,
				(one.hosts * endpointsEach).toLocaleString("en-US"),
				(one.startMs / 1000).toFixed(1),
				(one.convergeMs / 1000).toFixed(1),
				one.requestsPerEndpoint.toFixed(1),
				one.cpuMsPerEndpoint.toFixed(1),
				one.etcdCpuMsPerEndpoint.toFixed(1),
				one.megabytesEach.toFixed(1),
			]),
		),
		"",
		"An endpoint costs what the hosts of its network do with it, however many others there are. The memory is that of what an agent holds, without",
		"Node's own (docs/benchmarks/scale.md).",
		"",
		"![what an endpoint costs](many-hosts.svg)",
		"",
	].join("\n");
}
