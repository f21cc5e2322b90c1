import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { labEtcd } from "./lab-etcd.ts";
import { pinging } from "./pinging.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

const skip = needs("root", "runc", "conmon", "etcd", "etcdctl");

/** Creates networks one after the other, until it is told to end. @returns Those that were made; what failed. */
function creating(lab: TestLab, host: string) {
	const made: string[] = [];
	const failed: string[] = [];
	let over = false;
	const ended = (async () => {
		for (let n = 0; !over; n++) {
			const { code, stderr } = await lab.runAside(host, "weft", "network", "create", `n${n}`);
			if (code === 0) made.push(`n${n}`);
			else failed.push(stderr);
		}
	})();
	return {
		async end() {
			over = true;
			await ended;
			return { made, failed };
		},
	};
}

test("the cluster's state moves to an etcd and back, under running containers", { skip }, (t) =>
	withLab("migrate", 3, async (lab) => {
		const etcd = await labEtcd(lab, 3);
		lab.weft("host1", "network", "create", "blue");
		for (const n of [1, 2, 3]) lab.sleeper(`host${n}`, `c${n}`, "blue");
		const pings = [pinging(lab, "host1", "c1", "c3"), pinging(lab, "host3", "c3", "c2")];
		const creation = creating(lab, "host2");

		// One host's agent is down meanwhile.
		process.kill(lab.agentPid("host3"), "SIGKILL");
		await eventually("its lease ends", 15_000, () => !/host3 .*alive/.test(lab.run("host1", "weft", "hosts").stdout));
		let began = performance.now();
		const there = await lab.runAside("host1", "weft", "store", "migrate", "--to", etcd.url);
		t.diagnostic(`to etcd: ${Math.round(performance.now() - began)} ms\n${there.stdout}${there.stderr}`);
		assert.equal(there.code, 0, there.stderr);
		for (const host of ["host1", "host2"]) assert.equal(lab.store(host), `${etcd.url} connected`);
		lab.weft("host3", "launch");
		await eventually("host3 comes along", 15_000, () => lab.store("host3") === `${etcd.url} connected`);
		const { made, failed } = await creation.end();
		t.diagnostic(`made ${made.length}, failed ${failed.length}: ${failed.join(" ")}`);
		for (const error of failed) assert.match(error, /code: {2}(STORE_MOVING|AGENT_UNREACHABLE|STORE_UNREACHABLE)/);
		const listed = lab.weft("host3", "network", "ls", "--format", "{{.Name}}").split("\n");
		for (const name of made) assert.ok(listed.includes(name), `${name} was lost`);
		assert.equal(lab.run("host2", "weft", "store", "check").code, 0);
		assert.match(etcd.ctl("get", "--prefix", "weft/networks", "--keys-only"), /weft\/networks\//);

		// Back, to where it was; the hosts have their certificates still.
		began = performance.now();
		const back = await lab.runAside("host1", "weft", "store", "migrate", "--to", "sqlite:");
		t.diagnostic(`back: ${Math.round(performance.now() - began)} ms\n${back.stdout}${back.stderr}`);
		assert.equal(back.code, 0, back.stderr);
		assert.equal(lab.store("host1"), "sqlite: connected");
		for (const host of ["host2", "host3"]) assert.equal(lab.store(host), "weft://192.168.56.101:4790 connected");
		lab.sleeper("host3", "late", "blue");
		assert.ok(lab.pings("host1", "c1", "late"));
		assert.equal(lab.run("host2", "weft", "store", "check").code, 0);
		for (const one of pings) assert.deepEqual(await one.end(), { lost: 0 });
	}),
);
