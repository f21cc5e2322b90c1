import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { needs } from "../../test/needs.ts";
import { openSqliteStore } from "./sqlite.ts";

const skip = needs("root", "mount");
const dir = mkdtempSync(join(tmpdir(), "weft-small-disk-"));
const mount = (...args: string[]) => execFileSync("mount", args);
const ballast = join(dir, "ballast");

before(() => {
	if (skip === false) mount("-t", "tmpfs", "-o", "size=512k", "weft-test", dir);
});
after(() => {
	if (skip === false) execFileSync("umount", [dir]);
	rmSync(dir, { recursive: true });
});

/** Takes all the room that is left. */
function fill(): void {
	assert.throws(() => writeFileSync(ballast, Buffer.alloc(1 << 20)), { code: "ENOSPC" });
}

function makeRoom(): void {
	rmSync(ballast);
}

test("the sqlite store on a full disk refuses what it cannot write, does none of it, and goes on when there is room", {
	skip,
}, async () => {
	const path = join(dir, "full.db");
	const store = await openSqliteStore(path, { create: true });
	const revision = await store.txn([], [{ put: "a", value: "1" }]);
	fill();
	const much = Array.from({ length: 50 }, (_, n) => ({ put: `much/${n}`, value: JSON.stringify("v".repeat(4_000)) }));
	for (let attempt = 0; attempt < 3; attempt++)
		await assert.rejects(store.txn([], much), { code: "STORE_FULL", message: /full\.db: there is no room/ });
	assert.equal(store.revision, revision);
	assert.deepEqual(
		(await store.list("")).entries.map(({ key }) => key),
		["a"],
	);
	makeRoom();
	assert.equal(await store.txn([], [{ put: "b", value: "2" }]), (revision ?? 0) + 1);
	await store.close();
	const again = await openSqliteStore(path, { create: false });
	assert.deepEqual(
		(await again.list("")).entries.map(({ key }) => key),
		["a", "b"],
	);
	await again.close();
});

test("a lease of the sqlite store that ends while the disk is full ends when there is room", { skip }, async () => {
	const path = join(dir, "lease.db");
	const store = await openSqliteStore(path, { create: true });
	const id = store.grant(1);
	const keys = Array.from({ length: 20 }, (_, n) => ({
		put: `k/${n}`,
		value: JSON.stringify("v".repeat(2_000)),
		lease: id,
	}));
	await store.txn([], keys);
	fill();
	await sleep(1_500);
	assert.equal((await store.list("k")).entries.length, keys.length, "the disk was not full");
	makeRoom();
	await sleep(1_500);
	assert.equal((await store.list("k")).entries.length, 0);
	await store.close();
});

test("openSqliteStore() on a full disk says so, and leaves no half database", { skip }, async () => {
	fill();
	await assert.rejects(openSqliteStore(join(dir, "none.db"), { create: true }), { code: "STORE_FULL" });
	makeRoom();
	assert.ok(!readdirSync(dir).some((name) => name.startsWith("none.db")));
});

test("openSqliteStore() says that its disk is read-only, and opens when it is not", { skip }, async () => {
	const path = join(dir, "read-only.db");
	await (await openSqliteStore(path, { create: true })).close();
	mount("-o", "remount,ro", dir);
	try {
		await assert.rejects(openSqliteStore(path, { create: false }), { code: "CONFIG_INVALID", message: /read-only/ });
	} finally {
		mount("-o", "remount,rw", dir);
	}
	await (await openSqliteStore(path, { create: false })).close();
});
