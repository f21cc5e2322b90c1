import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

/** Ends the agent of the store's host, does something with its database, and starts it again. */
function whileStoreIsDown(lab: TestLab, script: string): void {
	process.kill(lab.agentPid("host1"), "SIGKILL");
	lab.lab.exec("host1", ["sh", "-c", script]);
	lab.weft("host1", "launch");
}

test(
	"a store that was restored from an old backup gets back what runs, and loses what does not",
	{ skip: needs("root", "runc", "conmon") },
	() =>
		withLab("restored", 2, async (lab) => {
			lab.weft("host1", "network", "create", "blue");
			lab.sleeper("host1", "c1", "blue");
			lab.sleeper("host2", "c2", "blue");
			lab.sleeper("host2", "left", "blue");
			whileStoreIsDown(lab, "cd /var/lib/weft && mkdir backup && cp -a store.db* backup");
			lab.weft("host2", "rm", "-f", "left");
			lab.weft("host2", "network", "create", "red");
			lab.sleeper("host1", "c3", "blue", "red");
			lab.sleeper("host2", "c4", "blue", "red");
			const before = { blue: lab.members("blue"), red: lab.members("red") };
			assert.deepEqual([before.blue.length, before.red.length], [4, 2]);

			whileStoreIsDown(lab, "cd /var/lib/weft && rm store.db* && cp -a backup/* .");
			const now = () => ({
				blue: lab.members("blue"),
				red: lab.run("host1", "weft", "network", "inspect", "red").code === 0 ? lab.members("red") : [],
			});
			await eventually("all is as it was", 20_000, () => JSON.stringify(now()) === JSON.stringify(before));
			for (const [host, from, to] of [
				["host1", "c1", "c4"],
				["host2", "c4", "c3.red"],
				["host1", "c3", "c4.red"],
			] as const)
				await eventually(`${from} reaches ${to}`, 5_000, () => lab.pings(host, from, to));
			assert.ok(!lab.pings("host1", "c1", "left"));
			assert.match(
				lab.run("host2", "cat", "/var/lib/weft/agent.log").stdout,
				/put a network back|restored from a backup/,
			);
			lab.weft("host1", "rm", "-f", "c3");
			lab.weft("host2", "rm", "-f", "c4");
			lab.weft("host1", "network", "rm", "red");
		}),
);
