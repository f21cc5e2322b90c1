import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { underlay } from "../../src/lab/names.ts";
import { needs } from "../needs.ts";
import { TestLab } from "./with-lab.ts";

/** Each process that has it sees the wall clock as the file says; monotonic clocks stay. */
const library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const clockFile = "/var/lib/weft/clock";
const fake = [
	"env",
	`LD_PRELOAD=${library}`,
	`FAKETIME_TIMESTAMP_FILE=${clockFile}`,
	"FAKETIME_NO_CACHE=1",
	"FAKETIME_DONT_FAKE_MONOTONIC=1",
];
/** A lease is 10 s. */
const longerThanLeaseMs = 12_000;

test("a clock that jumps an hour hides nobody, and stops nothing", {
	skip: needs("root", "runc", "conmon", "faketime"),
}, async (t) => {
	const lab = new TestLab("clock");
	await lab.lab.down();
	t.after(() => lab.lab.down());
	await lab.lab.up({ hosts: 2, agents: false, onProgress: () => {} });
	const root = (host: string) => `/proc/${lab.lab.argv(host, [])[2]}/root`;
	const setClock = (host: string, offset: string) => writeFileSync(`${root(host)}${clockFile}`, `${offset}\n`);
	const launch = (host: string, ...flags: readonly string[]) => {
		setClock(host, "+0");
		lab.lab.exec(host, [...fake, "weft", "launch", "--name", host, ...flags]);
	};
	launch("host1", "--advertise-addr", underlay.address(1));
	launch("host2", "--advertise-addr", underlay.address(2), "--join", lab.weft("host1", "token"));
	lab.weft("host1", "network", "create", "blue");
	lab.sleeper("host1", "c1", "blue");
	lab.sleeper("host2", "c2", "blue");
	const created = (host: string, name: string) =>
		Date.parse(lab.weft(host, "inspect", "--format", "{{.created}}", name));

	for (const [host, offset] of [
		["host1", "+1h"],
		["host2", "-1h"],
		["host1", "-1h"],
		["host2", "+1h"],
	] as const) {
		setClock(host, offset);
		await sleep(longerThanLeaseMs / 4);
		const name = `x${offset === "+1h" ? "plus" : "minus"}${host}`;
		lab.sleeper(host, name, "blue");
		const aheadMinutes = (created(host, name) - Date.now()) / 60_000;
		assert.equal(Math.round(aheadMinutes / 60), offset === "+1h" ? 1 : -1, "the clock did not jump");
		assert.ok(lab.pings("host2", "c2", "c1") && lab.pings("host1", "c1", "c2"), `${host} ${offset}`);
		assert.ok(lab.pings(host === "host1" ? "host2" : "host1", host === "host1" ? "c2" : "c1", name));
		lab.weft(host, "rm", "-f", name);
	}
	await sleep(longerThanLeaseMs);
	assert.doesNotMatch(lab.weft("host1", "hosts"), /unreachable/);

	// Released an hour from now, as this host sees it: the address is not lost for an hour.
	lab.weft("host1", "network", "create", "--subnet", "10.99.0.0/30", "tiny");
	lab.sleeper("host2", "t1", "tiny");
	lab.weft("host2", "rm", "-f", "t1");
	setClock("host2", "+0");
	lab.sleeper("host2", "t2", "tiny");
	assert.match(lab.weft("host2", "ps"), /tiny 10\.99\.0\.2/);
});
