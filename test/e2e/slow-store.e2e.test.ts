import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { underlay } from "../../src/lab/names.ts";
import { needs } from "../needs.ts";
import { eventually, TestLab } from "./with-lab.ts";

const [listenPort, storePort, lateMs] = [14790, 4790, 1_000];
/** Whoever waits is told no later than this; the rest of it is for a busy machine. */
const boundMs = 45_000;

/** What comes to the store's port from other hosts goes by way of the slow link. */
const redirect = `table ip slow {
	chain prerouting {
		type nat hook prerouting priority -100
		ip saddr != ${underlay.address(1)} tcp dport ${storePort} dnat to ${underlay.address(1)}:${listenPort}
	}
}`;

function timed(work: () => void): number {
	const began = performance.now();
	work();
	return performance.now() - began;
}

test("a store that answers after 2 s slows changes, and nothing else", {
	skip: needs("root", "runc", "conmon", "nft"),
}, async (t) => {
	const lab = new TestLab("slow");
	await lab.lab.down();
	t.after(() => lab.lab.down());
	await lab.lab.up({ hosts: 2, agents: false, onProgress: () => {} });
	lab.weft("host1", "launch", "--name", "host1", "--advertise-addr", underlay.address(1));
	const script = new URL("slow-link.ts", import.meta.url).pathname;
	const argv = [process.execPath, script, listenPort, underlay.address(1), storePort, lateMs].map(String);
	const link = lab.lab.spawn("host1", argv, ["ignore", "pipe", "inherit"]);
	assert.ok(link.stdout);
	await once(link.stdout, "data");
	lab.lab.exec("host1", ["nft", redirect]);
	const token = lab.weft("host1", "token");
	lab.weft("host2", "launch", "--name", "host2", "--advertise-addr", underlay.address(2), "--join", token);
	lab.weft("host1", "network", "create", "blue");
	lab.sleeper("host1", "c1", "blue");
	lab.sleeper("host2", "c2", "blue");

	const proxy = lab.lab.exec("host1", ["pgrep", "-f", "slow-link.ts"]).trim().split("\n")[0] ?? "";
	lab.lab.exec("host1", ["kill", "-USR1", proxy]);
	const tookMs = timed(() => {
		const { code, stderr } = lab.run("host2", "weft", "network", "create", "green");
		if (code !== 0) assert.match(stderr, /code: +(STORE_UNREACHABLE|TIMEOUT)/);
	});
	assert.ok(tookMs > 2 * lateMs, `the store is not slow: ${tookMs} ms`);
	assert.ok(tookMs < boundMs, `network create took ${tookMs} ms`);
	assert.ok(lab.pings("host2", "c2", "c1") && lab.pings("host1", "c1", "c2"), "traffic and names go on");
	const ran = timed(() => {
		const { code, stderr } = lab.run(
			"host2",
			"weft",
			"run",
			"-d",
			"--name",
			"late",
			"--network",
			"blue",
			"--",
			"sleep",
			"1d",
		);
		if (code !== 0) assert.match(stderr, /code: +(STORE_UNREACHABLE|TIMEOUT)/);
	});
	assert.ok(ran < boundMs, `run took ${ran} ms`);
	assert.ok(lab.pings("host2", "c2", "c1"));
	assert.match(lab.weft("host1", "hosts"), /host2 .*alive/, "a slow host is not a dead one");
	assert.ok(timed(() => lab.sleeper("host1", "c3", "blue")) < 5_000, "the store's own host is as fast as ever");

	// So late that it counts as away, now and then just in time.
	const agent = lab.agentPid("host2");
	lab.lab.exec("host1", ["kill", "-HUP", proxy]);
	for (let n = 0; n < 3; n++) {
		const { code, stderr } = lab.run("host2", "weft", "network", "create", `blue${n}`);
		if (code !== 0) assert.match(stderr, /code: +(STORE_UNREACHABLE|TIMEOUT)/);
	}
	assert.ok(lab.pings("host2", "c2", "c1"));

	lab.lab.exec("host1", ["kill", "-USR2", proxy]);
	await eventually("host2 changes as fast as before", 15_000, () => {
		const ms = timed(() =>
			lab.run("host2", "weft", "run", "--rm", "--network", "blue", "--", "ping", "-c1", "-W1", "c3"),
		);
		return ms < 3_000;
	});
	assert.ok(lab.pings("host2", "c2", "c3"));
	const { stdout } = lab.run("host2", "weft", "status");
	assert.match(stdout, /in-sync/);
	assert.equal(lab.agentPid("host2"), agent, "the agent ended, and was started again");
	lab.run("host2", "weft", "rm", "-f", "late");
	for (const [host, name] of [
		["host1", "c1"],
		["host2", "c2"],
		["host1", "c3"],
	] as const)
		lab.weft(host, "rm", "-f", name);
	await eventually(
		"nothing is left of what was begun",
		10_000,
		() => lab.run("host1", "weft", "network", "rm", "blue").code === 0,
	);
});
