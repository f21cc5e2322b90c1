import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { Traces } from "./traces.ts";
import { type Ended, eventually, TestLab, weftProgram } from "./with-lab.ts";

const name = "verbs";

/** `weft lab VERB …` as it is typed. */
function lab(verb: string, words: readonly string[] = [], input = ""): Ended {
	const args = ["lab", verb, "--lab", name, ...words];
	const { status, stdout, stderr } = spawnSync(weftProgram, args, { encoding: "utf8", input, timeout: 60_000 });
	return { code: status, stdout, stderr };
}

function done(ended: Ended): string {
	assert.equal(ended.code, 0, ended.stderr);
	return ended.stdout;
}

function refused({ code, stderr }: Ended, text: RegExp, exitCode = 1): void {
	assert.match(stderr, text);
	assert.match(stderr, /fix: /);
	assert.equal(code, exitCode, stderr);
}

test("weft lab: hosts that are used, cut off, killed, started, and leave nothing", {
	skip: needs("root", "runc", "conmon", "nft", "ping"),
}, async (t) => {
	const it = new TestLab(name);
	await it.lab.down();
	const traces = new Traces(name);
	t.after(() => it.lab.down());
	const on = (host: string, ...argv: readonly string[]) => lab("exec", [host, "--", ...argv]);

	await t.test("without a lab each verb says so", () => {
		for (const [verb, ...words] of [
			["exec", "host1", "true"],
			["kill", "host1"],
			["start", "host1"],
			["partition", "host1", "host2"],
		])
			refused(lab(verb ?? "", words), /there is no lab "verbs"/, verb === "exec" ? 125 : 1);
		refused(lab("heal"), /it is not there/);
		assert.equal(done(lab("ls")), "NAME   ADDRESS   STATE\n");
		done(lab("down"));
	});

	await t.test("up refuses what is no number of hosts", () => {
		for (const hosts of ["0", "10", "abc", "", "1.5"])
			refused(lab("up", [`--hosts=${hosts}`]), /--hosts .*wanted a whole number from 1 to 9/, 2);
		refused(lab("up", ["--hosts=2", "--lab=Not-A-Name"]), /Cannot call a lab "Not-A-Name"/);
		assert.deepEqual(traces.found(), []);
	});

	await t.test("up makes three hosts, once", () => {
		const { code, stderr } = lab("up", ["--hosts", "3"]);
		assert.equal(code, 0, stderr);
		assert.match(stderr, /^host3 +192\.168\.56\.103 +agent up +\d+ ms$/m);
		refused(lab("up"), /it is there already/);
		assert.match(done(lab("ls")), /^host1 +192\.168\.56\.101 +up\nhost2 .*up\nhost3 .*up\n$/m);
	});

	await t.test("exec passes streams, the exit code and the host's own agent", () => {
		assert.equal(done(lab("exec", ["host2", "--", "wc", "-c"], "x".repeat(100_000))), "100000\n");
		const { code, stdout, stderr } = on("host1", "sh", "-c", "echo out; echo err >&2; exit 7");
		assert.deepEqual([code, stdout, stderr], [7, "out\n", "err\n"]);
		assert.equal(on("host1", "sh", "-c", "kill -9 $$").code, 137);
		assert.equal(on("host1", "no-such-program").code, 127);
		refused(on("host4", "true"), /Cannot find host4: the lab has host1, host2, host3/, 125);
		const ended = spawnSync("timeout", ["1", weftProgram, "lab", "exec", "--lab", name, "host1", "sleep", "77"]);
		assert.equal(ended.status, 124);
		assert.doesNotMatch(done(on("host1", "ps", "ax")), /sleep 77/);
		for (const host of ["host1", "host2", "host3"]) {
			assert.equal(done(on(host, "hostname")), `${host}\n`);
			assert.match(done(on(host, "weft", "status")), new RegExp(`^host: +${host} `, "m"));
		}
		assert.match(done(on("host1", "weft", "hosts")), /host1[^]*host2[^]*host3/);
	});

	done(on("host1", "weft", "network", "create", "blue"));
	for (const n of [1, 2, 3]) it.sleeper(`host${n}`, `c${n}`, "blue");
	traces.noteContainers();
	const pings = (from: number, to: number) => it.pings(`host${from}`, `c${from}`, `10.0.0.${to + 1}`);

	await t.test("partition cuts two hosts off each other and no others, heal mends it", async () => {
		assert.ok(pings(1, 2) && pings(2, 3) && pings(3, 1));
		done(lab("partition", ["host1", "host2"]));
		assert.deepEqual([pings(1, 2), pings(2, 1)], [false, false]);
		assert.deepEqual([pings(1, 3), pings(3, 1), pings(2, 3), pings(3, 2)], [true, true, true, true]);
		done(lab("heal"));
		assert.deepEqual([pings(1, 2), pings(2, 1)], [true, true]);
		await eventually("host2 has its store again", 10_000, () => on("host2", "weft", "network", "ls").code === 0);
		refused(lab("partition", ["host1", "host1"]), /two hosts are wanted/);
		refused(lab("partition", ["host1", "host7"]), /Cannot find host7/);
	});

	await t.test("partition --one-way drops what the first sends, and lets pass what it is sent", () => {
		done(lab("partition", ["--one-way", "host1", "host3"]));
		const heard = () => Number(/^Icmp: (?:\d+ ){8}(\d+)/m.exec(done(on("host1", "cat", "/proc/net/snmp")))?.[1]);
		const before = heard();
		assert.equal(on("host3", "ping", "-c", "1", "-W", "1", "192.168.56.101").code, 1);
		assert.equal(heard(), before + 1);
		done(lab("heal"));
	});

	await t.test("kill takes a host's processes and its kernel's state, and only its", () => {
		done(lab("kill", ["host2"]));
		assert.deepEqual(
			traces.found().filter((line) => line.includes("host2")),
			[],
		);
		assert.match(done(lab("ls")), /^host1 .*up\nhost2 .*down\nhost3 .*up\n$/m);
		refused(on("host2", "true"), /Cannot use host2: it is down/, 125);
		refused(lab("kill", ["host2"]), /it is down/);
		assert.deepEqual([pings(1, 3), pings(3, 1)], [true, true]);
	});

	await t.test("start boots it with its disk: its containers ended and have left their networks", async () => {
		done(lab("start", ["host2"]));
		refused(lab("start", ["host2"]), /it is up/);
		await eventually(
			"c2 has left",
			5_000,
			() => !done(on("host3", "weft", "network", "inspect", "blue")).includes('"c2"'),
		);
		assert.match(done(on("host2", "weft", "ps", "-a")), /Exited \(137\).* c2$/m);
		done(on("host2", "weft", "rm", "c2"));
		it.sleeper("host2", "c4", "blue");
		traces.noteContainers();
		assert.ok(it.pings("host2", "c4", "c1") && it.pings("host3", "c3", "c4"));
	});

	await t.test("down takes all of it away", () => {
		assert.ok(traces.found().length > 10);
		done(lab("down"));
		assert.deepEqual(traces.found(), []);
	});
});
