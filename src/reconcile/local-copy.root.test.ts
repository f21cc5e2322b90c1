import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { needs } from "../../test/needs.ts";
import { sampleHost } from "../../test/samples.ts";
import { encode } from "../control/context.ts";
import { isWeftError } from "../model/error.ts";
import { keys, localKeys } from "../model/keys.ts";
import { openMemoryStore, openSqliteStore } from "../store/sqlite.ts";
import { LocalCopy } from "./local-copy.ts";
import { View } from "./view.ts";

const skip = needs("root", "mount");
const dir = mkdtempSync(join(tmpdir(), "weft-member-disk-"));
const ballast = join(dir, "ballast");

before(() => {
	if (skip === false) execFileSync("mount", ["-t", "tmpfs", "-o", "size=512k", "weft-test", dir]);
});
after(() => {
	if (skip === false) execFileSync("umount", [dir]);
	rmSync(dir, { recursive: true });
});

test("a member whose disk is full follows the store all the same, says so, and has its copy when there is room", {
	skip,
}, async () => {
	const [store, local] = [openMemoryStore(), await openSqliteStore(join(dir, "local.db"), { create: true })];
	const told: unknown[] = [];
	const copy = new LocalCopy(local, localKeys.copy, (error) => told.push(error));
	const view = new View({
		store,
		local,
		copy,
		onChange: () => {},
		onBatch: () => {},
		onDamaged: assert.ifError,
		onRestored: () => {},
	});
	await view.ready();
	assert.throws(() => writeFileSync(ballast, Buffer.alloc(1 << 20)), { code: "ENOSPC" });
	for (let n = 0; n < 200; n++) {
		const host = { ...sampleHost(1), id: `${n}`.padStart(32, "0"), name: "n".repeat(200) };
		await store.txn([], [{ put: keys.host(host.id), value: encode(host) }]);
		await sleep(2);
	}
	await sleep(300);
	assert.equal(view.hosts.size, 200);
	assert.ok(told.length > 0 && told.length < 5, `told ${told.length} times`);
	assert.ok(told.every((error) => isWeftError(error, "STORE_FULL")));
	rmSync(ballast);
	for (let n = 0; n < 100 && (await copy.list(keys.hosts)).length < 200; n++) await sleep(100);
	assert.equal((await copy.list(keys.hosts)).length, 200);
	view.close();
	await copy.close();
	await local.close();
});
