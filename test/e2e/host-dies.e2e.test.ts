import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { needs } from "../needs.ts";
import { eventually, withLab } from "./with-lab.ts";

/** The lease, the moment in which others could end with it, and a busy machine. */
const hiddenWithinMs = 16_000;

test(
	"a host that dies is hidden and keeps its place; when the store dies, nobody is hidden",
	{ skip: needs("root", "runc", "conmon") },
	() =>
		withLab("dies", 3, async (lab) => {
			lab.weft("host1", "network", "create", "blue");
			for (const n of [1, 2, 3]) lab.sleeper(`host${n}`, `c${n}`, "blue");
			const knows = (n: number, name: string) =>
				lab.run(`host${n}`, "weft", "exec", `c${n}`, "nslookup", name).stdout.includes("10.0.0.");
			assert.ok(knows(1, "c3") && knows(2, "c3"));

			await lab.lab.kill("host3");
			await eventually("the others hide it", hiddenWithinMs, () => !knows(1, "c3") && !knows(2, "c3"));
			assert.match(lab.weft("host1", "hosts"), /host3 .*unreachable/i);
			assert.match(lab.weft("host1", "network", "inspect", "blue"), /"10\.0\.0\.4\/24"/);
			assert.match(
				lab.lab.exec("host1", ["bridge", "-n", lab.overlay("blue"), "fdb"]),
				/02:42:0a:00:00:04 .*dst 192\.168\.56\.103/,
			);
			lab.sleeper("host2", "c4", "blue");
			assert.match(lab.weft("host2", "inspect", "c4"), /"10\.0\.0\.5"/);

			await lab.lab.start("host3");
			await eventually(
				"the others show it again",
				5_000,
				() => lab.weft("host1", "hosts").includes("host3") && !/unreachable/i.test(lab.weft("host1", "hosts")),
			);

			process.kill(lab.agentPid("host1"), "SIGKILL");
			await sleep(hiddenWithinMs);
			assert.ok(knows(2, "c1") && knows(2, "c4"), "names were hidden while the store was away");
			assert.ok(lab.pings("host2", "c2", "c1"));
			lab.weft("host1", "launch");
			await sleep(3_000);
			assert.ok(knows(2, "c1") && knows(1, "c2"));
		}),
);
