import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeContract } from "./contract.ts";
import { openEtcdStore } from "./etcd.ts";

const port = 21_000 + (process.pid % 10_000);

storeContract("etcd", async () => {
	assert.ok(existsSync("/usr/bin/etcd"), "needs etcd: apt-get install etcd-server etcd-client");
	const dir = mkdtempSync(join(tmpdir(), "weft-etcd-"));
	const url = `http://127.0.0.1:${port}`;
	const peer = `http://127.0.0.1:${port + 10_000}`;
	const flags = ["--data-dir", dir, "--listen-client-urls", url, "--advertise-client-urls", url];
	const etcd = spawn(
		"/usr/bin/etcd",
		[
			...flags,
			"--listen-peer-urls",
			peer,
			"--initial-advertise-peer-urls",
			peer,
			"--initial-cluster",
			`default=${peer}`,
		],
		{
			stdio: "ignore",
		},
	);
	const [store, other] = [openEtcdStore("etcd://test", [url]), openEtcdStore("etcd://test", [url])];
	for (let tries = 0; ; tries++) {
		try {
			await store.list("");
			break;
		} catch (error) {
			if (tries > 100) throw error;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}
	return {
		store,
		other,
		compact: async (revision) => {
			execFileSync("/usr/bin/etcdctl", ["--endpoints", url, "compact", `${revision}`], { env: { ETCDCTL_API: "3" } });
		},
		async close() {
			await Promise.all([store.close(), other.close()]);
			etcd.kill("SIGKILL");
			rmSync(dir, { recursive: true, force: true });
		},
	};
});
