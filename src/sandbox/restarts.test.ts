import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { RestartPolicy } from "../model/restart.ts";
import { Restarts } from "./restarts.ts";

async function withRecord(work: (path: string) => Promise<void>): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "weft-restarts-"));
	try {
		await work(join(folder, "restarts.json"));
	} finally {
		rmSync(folder, { recursive: true });
	}
}

for (const [name, again] of [
	["always", true],
	["unless-stopped", false],
	["on-failure", false],
] as const)
	test(`Restarts.read() under ${name}: one that was stopped ${again ? "begins again" : "stays so"} when the agent starts`, () =>
		withRecord(async (path) => {
			const policy: RestartPolicy = { name, maximumRetryCount: 0 };
			const restarts = new Restarts(policy, path);
			await restarts.noteStart();
			await restarts.noteRestart();
			await restarts.noteStop();
			assert.equal(restarts.after(1), false);
			const later = await Restarts.read(policy, path);
			assert.deepEqual([later.after(1), later.interrupted, later.count], [again, again, 1]);
		}));

test("Restarts.read() takes one that was never started as such, and does not guess for one whose file is torn", () =>
	withRecord(async (path) => {
		const policy: RestartPolicy = { name: "always", maximumRetryCount: 0 };
		assert.equal((await Restarts.read(policy, path)).interrupted, false);
		writeFileSync(path, '{"count":');
		await assert.rejects(Restarts.read(policy, path), { code: "FILE_DAMAGED" });
	}));

test("Restarts keeps the last of what is noted at once", () =>
	withRecord(async (path) => {
		const policy: RestartPolicy = { name: "unless-stopped", maximumRetryCount: 0 };
		const restarts = new Restarts(policy, path);
		await Promise.all([restarts.noteStart(), restarts.noteRestart(), restarts.noteRestart(), restarts.noteStop()]);
		const later = await Restarts.read(policy, path);
		assert.deepEqual([later.count, later.after(1)], [2, false]);
	}));
