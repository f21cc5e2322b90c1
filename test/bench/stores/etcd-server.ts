import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../free-port.ts";

/** A real etcd of one node, on loopback, with an empty folder of its own. */
export interface EtcdServer {
	readonly url: string;
	readonly pid: number;
	close(): void;
}

export async function startEtcd(): Promise<EtcdServer> {
	const folder = mkdtempSync(join(tmpdir(), "weft-bench-etcd-"));
	const [url, peer] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")].map(
		(port) => `http://127.0.0.1:${port}`,
	);
	const flags = {
		"--data-dir": folder,
		"--listen-client-urls": url,
		"--advertise-client-urls": url,
		"--listen-peer-urls": peer,
		"--initial-advertise-peer-urls": peer,
		"--initial-cluster": `default=${peer}`,
	};
	const etcd: ChildProcess = spawn("etcd", Object.entries(flags).flat() as string[], { stdio: "ignore" });
	for (const deadline = performance.now() + 20_000; ; await sleep(50)) {
		if (
			await fetch(`${url}/health`).then(
				({ ok }) => ok,
				() => false,
			)
		)
			break;
		if (performance.now() > deadline) throw new Error("etcd did not start within 20 s");
	}
	return {
		url: url ?? "",
		pid: etcd.pid ?? 0,
		close() {
			etcd.kill("SIGKILL");
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

/** @returns Calls, and messages on streams, that clients sent so far. */
export async function requestsOf({ url }: EtcdServer): Promise<number> {
	const text = await (await fetch(`${url}/metrics`)).text();
	return [...text.matchAll(/^grpc_server_msg_received_total\{.*\} (\S+)$/gm)].reduce(
		(sum, [, n]) => sum + Number(n),
		0,
	);
}
