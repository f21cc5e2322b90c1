import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { onProcessEnd } from "./pidfd.ts";

test("onProcessEnd() tells the end of a process, once", async () => {
	const child = spawn("sleep", ["60"]);
	let ends = 0;
	const { promise, resolve } = Promise.withResolvers<void>();
	onProcessEnd(child.pid ?? 0, () => {
		ends++;
		resolve();
	});
	await sleep(50);
	assert.equal(ends, 0);
	child.kill("SIGKILL");
	const alive = setTimeout(() => {}, 5_000);
	await promise;
	clearTimeout(alive);
	await sleep(50);
	assert.equal(ends, 1);
});

test("onProcessEnd() tells at once of one that is not there, and nothing after its watch ended", async () => {
	const { promise, resolve } = Promise.withResolvers<void>();
	onProcessEnd(2 ** 22 - 1, resolve);
	await promise;
	const child = spawn("sleep", ["60"]);
	const end = onProcessEnd(child.pid ?? 0, () => assert.fail("told after the end of the watch"));
	end();
	child.kill("SIGKILL");
	await sleep(100);
});
