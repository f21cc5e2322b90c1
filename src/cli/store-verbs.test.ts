import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { runWeft } from "../../test/memory-io.ts";
import { serveMemory } from "../../test/served-service.ts";
import { readBackup } from "../control/upkeep/backup-text.ts";

const { service, env, close } = await serveMemory();
const folder = mkdtempSync(join(tmpdir(), "weft-backup-"));
const file = join(folder, "a.backup");

after(async () => {
	await close();
	rmSync(folder, { recursive: true });
});

const many = Array.from({ length: 500 }, (_, n): [string, string] => [`networks/${n}`, `{"n":${n}}`]);

beforeEach(() => {
	service.records.clear();
	for (const [key, value] of [...many, ["networks/long", "x".repeat(700_000)] as const])
		service.records.set(key, value);
});

test("weft store check prints a table, and ends with 1 as long as something is left", async () => {
	const found = await runWeft(["store", "check"], { env });
	assert.equal(found.code, 1);
	assert.match(found.stdout, /^CODE +PROBLEM +REPAIR\nADDRESS_CLAIM_STALE +10\.0\.0\.9 is held by .* gives it back\n$/);
	assert.equal(found.stderr, "12 records at revision 7: 1 problem, weft store check --repair mends them\n");
	const mended = await runWeft(["store", "check", "--repair"], { env });
	assert.deepEqual([mended.code, mended.stderr], [0, "12 records at revision 7: 1 problem, 1 mended\n"]);
});

test("weft store backup and restore carry all records, in parts, there and back", async () => {
	const before = new Map(service.records);
	const taken = await runWeft(["store", "backup", file], { env });
	assert.deepEqual([taken.code, taken.stdout, taken.stderr], [0, "", "501 records at revision 7 of sqlite:\n"]);
	assert.equal(statSync(file).mode & 0o777, 0o600);
	service.records.clear();
	const restored = await runWeft(["store", "restore", file], { env });
	assert.deepEqual([restored.code, restored.stdout], [0, ""]);
	assert.match(restored.stderr, /^501 records of 2024-05-17T10:00:00\.000Z are in place/);
	assert.deepEqual(service.records, before);
});

test("weft store backup - prints what a file would hold", async () => {
	const { code, stdout } = await runWeft(["store", "backup", "-"], { env });
	assert.equal(code, 0);
	assert.equal(readBackup(stdout, "-").records.length, 501);
});

test("weft store restore refuses a full store, and writes nothing of a file that is cut", async () => {
	await runWeft(["store", "backup", file], { env });
	const full = await runWeft(["store", "restore", file], { env });
	assert.equal(full.code, 1);
	assert.match(full.stderr, /code: {2}STORE_NOT_EMPTY/);
	service.records.set("networks/later", "{}");
	writeFileSync(file, readFileSync(file).subarray(0, -100));
	const cut = await runWeft(["store", "restore", "--force", file], { env });
	assert.match(cut.stderr, /Cannot restore .*a\.backup: it is cut: .*code: {2}BACKUP_DAMAGED/s);
	assert.ok(service.records.has("networks/later"));
});

test("weft store backup and restore say what is wrong with a file's place", async () => {
	for (const [line, reason] of [
		[["backup", join(folder, "none", "a")], /Cannot write .*: it, or its folder, is not there/],
		[["backup", folder], /Cannot write .*: it is a folder/],
		[["restore", join(folder, "nothing")], /Cannot read .*: it, or its folder, is not there/],
	] as const) {
		const { code, stderr } = await runWeft(["store", ...line], { env });
		assert.equal(code, 1);
		assert.match(stderr, reason);
		assert.match(stderr, /code: {2}CONFIG_INVALID/);
	}
});

test("weft store migrate tells each step, and that the hosts are there", async () => {
	const { code, stdout } = await runWeft(["store", "migrate", "--to", "etcd://10.0.0.5"], { env });
	assert.equal(code, 0);
	assert.equal(
		stdout,
		"✓ etcd://10.0.0.5 answers, and is free\n✓ the cluster's state is at etcd://10.0.0.5\n✓ host1 is there\n",
	);
	const aborted = await runWeft(["store", "migrate", "--abort"], { env });
	assert.deepEqual([aborted.code, aborted.stderr], [0, "ended: etcd://10.0.0.5; the state can be changed again\n"]);
	for (const flags of [[], ["--abort", "--to", "etcd://10.0.0.5"]])
		assert.equal((await runWeft(["store", "migrate", ...flags], { env })).code, 2);
});

test("weft store recover prints what to type on the other hosts", async () => {
	const { code, stdout, stderr } = await runWeft(["store", "recover", "--force"], { env });
	assert.deepEqual([code, stdout], [0, "weft launch --join weft1.three\n"]);
	assert.match(stderr, /remembers 2 networks, 5 endpoints, 3 hosts\n.*\n\non host2 nothing: .*\non host3:\n$/);
	assert.equal((await runWeft(["store", "recover"], { env })).code, 2);
});
