import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lab } from "../../src/lab/lab.ts";
import { needs } from "../needs.ts";
import { Traces } from "./traces.ts";
import { weftProgram } from "./with-lab.ts";

const skip = needs("root", "runc", "conmon", "nft");

/** Runs `weft lab …`, and kills it after a time between nothing and `mostMs`. @returns After how long. */
async function torn(words: readonly string[], mostMs: number): Promise<number> {
	const child = spawn(weftProgram, ["lab", ...words], { stdio: "ignore" });
	const ended = once(child, "exit");
	const afterMs = Math.round(Math.random() * mostMs);
	await Promise.race([sleep(afterMs), ended]);
	child.kill("SIGKILL");
	await ended;
	return afterMs;
}

function prepare(t: TestContext, name: string): { lab: Lab; traces: Traces } {
	const lab = new Lab(name);
	t.after(() => lab.down());
	return { lab, traces: new Traces(name) };
}

test("Lab.up() that fails in the middle takes back what was made", { skip }, async (t) => {
	const { lab, traces } = prepare(t, "torn1");
	await lab.down();
	const folder = mkdtempSync(join(tmpdir(), "weft-torn-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const real = spawnSync("/bin/sh", ["-c", "command -v ip"], { encoding: "utf8" }).stdout.trim();
	const script = `#!/bin/sh\ncase "$*" in *192.168.56.102*) echo "no more addresses" >&2; exit 2 ;; esac\nexec ${real} "$@"\n`;
	writeFileSync(join(folder, "ip"), script, { mode: 0o755 });
	const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
	const { status, stderr } = spawnSync(weftProgram, ["lab", "up", "--lab", "torn1", "--hosts", "3"], {
		encoding: "utf8",
		env,
		timeout: 60_000,
	});
	assert.equal(status, 1);
	assert.match(stderr, /^host1 .*agent up/m);
	assert.match(stderr, /Cannot build the lab: ip .*192\.168\.56\.102[^]*no more addresses/);
	assert.deepEqual(traces.found(), []);
});

test("Lab.up() killed at any moment is taken away by down()", { skip }, async (t) => {
	const { lab, traces } = prepare(t, "torn2");
	await lab.down();
	for (let round = 0; round < 10; round++) {
		const bare = round < 7;
		const flags = bare ? ["--hosts", "3", "--bare"] : ["--hosts", "2"];
		const afterMs = await torn(["up", "--lab", "torn2", ...flags], bare ? 600 : 4_000);
		await lab.down();
		assert.deepEqual(traces.found(), [], `up ${flags.join(" ")} was killed after ${afterMs} ms`);
	}
});

test("Lab.down() killed at any moment does its work when run again", { skip }, async (t) => {
	const { lab, traces } = prepare(t, "torn3");
	await lab.down();
	for (let round = 0; round < 6; round++) {
		await lab.up({ hosts: 4, agents: false, onProgress: () => {} });
		for (const { name } of lab.hosts())
			lab.exec(name, [
				"sh",
				"-c",
				"unshare -mnpuf sh -c 'sleep 60 & sleep 61' >/dev/null 2>&1 & sleep 62 >/dev/null 2>&1 &",
			]);
		assert.ok(traces.found().length > 20);
		const afterMs = await torn(["down", "--lab", "torn3"], 250);
		await lab.down();
		assert.deepEqual(traces.found(), [], `down was killed after ${afterMs} ms`);
	}
});
