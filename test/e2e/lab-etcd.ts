import type { ChildProcess } from "node:child_process";
import { underlay } from "../../src/lab/names.ts";
import { eventually, type TestLab } from "./with-lab.ts";

/** An etcd of one member on a host of a lab. It ends with the lab. */
export interface LabEtcd {
	readonly url: string;
	readonly process: ChildProcess;
	/** Runs etcdctl. @returns What it wrote. */
	ctl(...argv: readonly string[]): string;
}

export async function labEtcd(lab: TestLab, n: number): Promise<LabEtcd> {
	const host = `host${n}`;
	const [client, peer] = [`http://${underlay.address(n)}:2379`, `http://${underlay.address(n)}:2380`];
	const flags = ["--data-dir", "/var/lib/weft/etcd", "--listen-client-urls", client, "--advertise-client-urls", client];
	const peers = ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer];
	const process = lab.lab.spawn(
		host,
		["etcd", ...flags, ...peers, "--initial-cluster", `default=${peer}`],
		["ignore", "ignore", "ignore"],
	);
	const ctl = (...argv: readonly string[]) =>
		lab.run(host, "env", "ETCDCTL_API=3", "etcdctl", "--endpoints", client, ...argv).stdout;
	await eventually("etcd answers", 15_000, () => ctl("get", "x", "-w", "json").includes("header"));
	return { url: `etcd://${underlay.address(n)}:2379`, process, ctl };
}
