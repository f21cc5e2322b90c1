import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAgent } from "../../../src/client/client.ts";
import { labNetns, underlay } from "../../../src/lab/names.ts";
import { ipv4, macOf } from "../../../src/model/address.ts";
import { TestConsul } from "../../consul.ts";
import { labEtcd } from "../../e2e/lab-etcd.ts";
import { TestLab } from "../../e2e/with-lab.ts";

export const storeKinds = ["embedded", "etcd", "consul"] as const;
export type StoreKind = (typeof storeKinds)[number];

const hosts = ["host1", "host2", "host3"] as const;
const pingEveryMs = 2;

/** @returns What ends the store that a lab's host1 serves to all, and what `weft launch` is told of it. */
async function startStore(
	kind: StoreKind,
	lab: TestLab,
): Promise<{ flags: readonly string[]; close(): Promise<void> }> {
	switch (kind) {
		case "embedded":
			return { flags: [], close: async () => {} };
		case "etcd": {
			const { url } = await labEtcd(lab, 1);
			return { flags: ["--store", url], close: async () => {} };
		}
		case "consul": {
			const within = ["nsenter", `--net=/run/netns/${labNetns(lab.lab.name).host("host1")}`, "--"];
			const consul = await TestConsul.start({ address: underlay.address(1), within });
			const url = (consul.urls[0] ?? "").replace("http:", "consul:");
			return { flags: ["--store", url], close: () => consul.close() };
		}
	}
}

function launch(lab: TestLab, flags: readonly string[]): void {
	for (const [n, host] of hosts.entries()) {
		const join = flags.length === 0 && n > 0 ? ["--join", lab.weft("host1", "token")] : flags;
		lab.weft(host, "launch", "--name", host, "--advertise-addr", underlay.address(n + 1), ...join);
	}
}

/**
 * @returns Ms from the return of `network connect` on host2 to the first answer that a container of host3 has from there; 0 when it
 *   came before. It pings all the time, and knows the MAC: what is measured is when frames pass.
 */
export async function measureReach(kind: StoreKind, rounds: number): Promise<number[]> {
	const lab = new TestLab("reach");
	await lab.lab.down();
	try {
		await lab.lab.up({ hosts: hosts.length, agents: false, onProgress: () => {} });
		const store = await startStore(kind, lab);
		try {
			launch(lab, store.flags);
			lab.weft("host1", "network", "create", "--subnet", "10.9.0.0/24", "blue");
			lab.weft("host1", "network", "create", "idle");
			lab.sleeper("host2", "mover", "idle");
			lab.sleeper("host3", "watcher", "blue");
			const times: number[] = [];
			for (let n = 0; n < rounds; n++) times.push(await round(lab, `10.9.0.${20 + n}`));
			return times;
		} finally {
			await store.close();
		}
	} finally {
		await lab.lab.down();
	}
}

async function round(lab: TestLab, ip: string): Promise<number> {
	const { networks } = connectAgent({ socketPath: `/proc/${lab.lab.argv("host2", [])[2]}/root/run/weft/weft.sock` });
	lab.attack("host3", "watcher", "ip", "neigh", "replace", ip, "lladdr", macOf(ipv4(ip)), "dev", "eth0");
	const ping = lab.inNetns("host3", "watcher", ["ping", "-n", "-D", "-i", `${pingEveryMs / 1000}`, ip]);
	let said = "";
	(ping.stdout as Readable).on("data", (chunk) => (said += String(chunk)));
	await sleep(200);
	await networks.connect("blue", { container: "mover", ip, aliases: [] });
	const returnedAt = performance.timeOrigin + performance.now();
	for (const deadline = performance.now() + 5_000; ; await sleep(5)) {
		const [, at] = /^\[([\d.]+)\] .*bytes from/m.exec(said) ?? [];
		if (at !== undefined) {
			ping.kill("SIGKILL");
			await networks.disconnect("blue", { container: "mover", force: false });
			return Math.max(0, Number(at) * 1000 - returnedAt);
		}
		if (performance.now() > deadline) throw new Error(`no answer from ${ip} within 5 s: ${said}`);
	}
}
