import assert from "node:assert/strict";
import { test } from "node:test";
import { noRecord, type RestartPolicy, restartDelayMs, restarts } from "./restart.ts";

const policy = (name: RestartPolicy["name"], maximumRetryCount = 0): RestartPolicy => ({ name, maximumRetryCount });
const stopped = { ...noRecord, stopped: true };

for (const { name, of, record = noRecord, exitCode, want } of [
	{ name: "no, after a failure", of: policy("no"), exitCode: 1, want: false },
	{ name: "always, after a success", of: policy("always"), exitCode: 0, want: true },
	{ name: "always, stopped by hand", of: policy("always"), record: stopped, exitCode: 143, want: false },
	{ name: "unless-stopped, after a success", of: policy("unless-stopped"), exitCode: 0, want: true },
	{ name: "unless-stopped, stopped by hand", of: policy("unless-stopped"), record: stopped, exitCode: 0, want: false },
	{ name: "on-failure, after a success", of: policy("on-failure"), exitCode: 0, want: false },
	{ name: "on-failure, after a failure", of: policy("on-failure"), exitCode: 1, want: true },
	{ name: "on-failure, stopped by hand", of: policy("on-failure"), record: stopped, exitCode: 137, want: false },
	{
		name: "on-failure:2, the second time",
		of: policy("on-failure", 2),
		record: { ...noRecord, count: 1 },
		exitCode: 1,
		want: true,
	},
	{
		name: "on-failure:2, the third time",
		of: policy("on-failure", 2),
		record: { ...noRecord, count: 2 },
		exitCode: 1,
		want: false,
	},
]) {
	test(`restarts() ${want ? "lets begin again" : "lets end"}: ${name}`, () => {
		assert.equal(restarts(of, record, exitCode), want);
	});
}

test("restartDelayMs() doubles up to a minute, and begins anew after ten seconds of running", () => {
	const delays: number[] = [];
	for (let n = 0; n < 12; n++) delays.push(restartDelayMs(delays.at(-1), 9_999));
	assert.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
	assert.equal(restartDelayMs(60_000, 10_000), 100);
});
