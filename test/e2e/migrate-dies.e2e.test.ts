import assert from "node:assert/strict";
import { test } from "node:test";
import type { Point } from "../../src/lib/point.ts";
import { armFile } from "../chaos/arm.ts";
import { needs } from "../needs.ts";
import { labEtcd } from "./lab-etcd.ts";
import { pinging } from "./pinging.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

const skip = needs("root", "runc", "conmon", "etcd", "etcdctl");
const armScript = new URL("../chaos/arm.ts", import.meta.url).pathname;

/** Starts the agent of a host again, so that it kills itself at a point. */
async function arm(lab: TestLab, host: string, point: Point): Promise<void> {
	process.kill(lab.agentPid(host), "SIGKILL");
	await eventually("the agent is gone", 5_000, () => lab.run(host, "weft", "status").code !== 0);
	lab.lab.exec(host, ["sh", "-c", `echo -n '${point} 1' > ${armFile}`]);
	lab.lab.exec(host, ["env", `NODE_OPTIONS=--import=${armScript}`, "weft", "launch"]);
}

test("an agent that dies while it moves the state leaves it where it was, or where it went", { skip }, () =>
	withLab("migdies", 2, async (lab) => {
		const etcd = await labEtcd(lab, 2);
		lab.weft("host1", "network", "create", "blue");
		for (const n of [1, 2]) lab.sleeper(`host${n}`, `c${n}`, "blue");
		const pings = pinging(lab, "host1", "c1", "c2");
		const migrate = (...flags: readonly string[]) => lab.runAside("host2", "weft", "store", "migrate", ...flags);

		// Before it left: nothing can be changed, until somebody says that nobody goes on with it.
		await arm(lab, "host2", "move copied");
		assert.notEqual((await migrate("--to", etcd.url)).code, 0);
		const frozen = lab.run("host1", "weft", "network", "create", "green");
		assert.match(frozen.stderr, /it is moving to etcd:.*weft store migrate --abort.*code: {2}STORE_MOVING/s);
		assert.match(lab.run("host1", "weft", "store", "check").stdout, /STORE_FROZEN/);
		lab.weft("host1", "store", "migrate", "--abort");
		lab.weft("host1", "network", "create", "green");
		lab.weft("host2", "launch");
		assert.equal(lab.store("host2"), "weft://192.168.56.101:4790 connected");

		// After it left: it is there, and all go there, the one that died, too.
		await arm(lab, "host2", "move left");
		assert.notEqual((await migrate("--to", etcd.url)).code, 0);
		await eventually("host1 goes along", 10_000, () => lab.store("host1") === `${etcd.url} connected`);
		lab.weft("host2", "launch");
		await eventually("host2 goes along", 10_000, () => lab.store("host2") === `${etcd.url} connected`);
		assert.equal(lab.weft("host2", "network", "ls", "--format", "{{.Name}}"), "blue\ngreen");
		assert.deepEqual(await pings.end(), { lost: 0 });
	}),
);
