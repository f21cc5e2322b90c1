import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { needs } from "../../test/needs.ts";
import { openSqliteStore } from "./sqlite.ts";

const skip = needs("root", "mount");
const dir = mkdtempSync(join(tmpdir(), "weft-full-"));
const filler = join(dir, "filler");

before(() => {
	if (skip === false) execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "weft-test", dir]);
});
after(() => {
	if (skip === false) execFileSync("umount", [dir]);
	rmSync(dir, { recursive: true });
});

/** Takes all the room that is left. */
function fill(): void {
	try {
		writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
	} catch (error) {
		assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
	}
}

test("a store on a full disk refuses writes whole, still reads, ends leases later, and works when there is room", {
	skip,
}, async () => {
	const path = join(dir, "store.db");
	const store = await openSqliteStore(path);
	await store.txn([], [{ put: "kept", value: "1" }]);
	const lease = store.grant(1);
	await store.txn([], [{ put: "leased", value: "1", lease }]);
	fill();
	const writes = Array.from({ length: 50 }, (_, n) => ({ put: `many/${n}`, value: "x".repeat(4000) }));
	await assert.rejects(store.txn([], writes), { code: "DISK_FULL", message: new RegExp(path) });
	assert.deepEqual((await store.list("many")).entries, []);
	assert.equal((await store.get("kept"))?.value, "1");
	// Its end falls into the time without room: nobody hears an error, and nothing ends the process.
	await sleep(1_500);
	rmSync(filler);
	assert.ok((await store.txn([], writes)) !== undefined);
	await sleep(1_500);
	assert.equal(await store.get("leased"), undefined);
	await store.close();
	const again = await openSqliteStore(path);
	assert.equal((await again.list("many")).entries.length, 50);
	await again.close();
});

test("openSqliteStore() says that there is no room for a new database", { skip }, async () => {
	fill();
	await assert.rejects(openSqliteStore(join(dir, "new.db")), { code: "DISK_FULL" });
	rmSync(filler);
});
