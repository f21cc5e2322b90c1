import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { storeContract } from "./contract.ts";
import { openMemoryStore, openSqliteStore } from "./sqlite.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-store-"));
after(() => rmSync(dir, { recursive: true }));

storeContract("memory", async () => {
	const store = openMemoryStore();
	return { store, other: store, compact: async (revision) => store.compact(revision), close: () => store.close() };
});

storeContract("sqlite", async () => {
	const store = await openSqliteStore(join(dir, "contract.db"), { create: true });
	return { store, other: store, compact: async (revision) => store.compact(revision), close: () => store.close() };
});

test("what the sqlite store acknowledged survives kill -9", async () => {
	const path = join(dir, "killed.db");
	const writer = `
		import { openSqliteStore } from ${JSON.stringify(new URL("sqlite.ts", import.meta.url).href)};
		const store = await openSqliteStore(${JSON.stringify(path)}, { create: true });
		for (let n = 1; ; n++) { await store.txn([], [{ put: "k/" + n, value: "1" }, { put: "last", value: String(n) }]); process.stdout.write(n + "\\n"); }
	`;
	const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", writer], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	let acknowledged = 0;
	child.stdout.setEncoding("utf8");
	child.stdout.on("data", (chunk: string) => {
		acknowledged = Number(chunk.trimEnd().split("\n").at(-1));
		if (acknowledged > 200) child.kill("SIGKILL");
	});
	await once(child, "exit");
	const store = await openSqliteStore(path, { create: true });
	const last = Number((await store.get("last"))?.value);
	assert.ok(last >= acknowledged, `acknowledged ${acknowledged}, found ${last}`);
	assert.equal((await store.list("k")).entries.length, last);
	await store.close();
});

test("openSqliteStore() goes on where it was", async () => {
	const path = join(dir, "again.db");
	const first = await openSqliteStore(path, { create: true });
	const lease = await first.lease(1);
	const revision = await first.txn([], [{ put: "a", value: "1", lease: lease.id }]);
	await first.close();
	const second = await openSqliteStore(path, { create: true });
	assert.deepEqual(await second.get("a"), { key: "a", value: "1", revision });
	// Nobody keeps the lease alive any more.
	await new Promise((resolve) => setTimeout(resolve, 1_300));
	assert.equal(await second.get("a"), undefined);
	await second.close();
});

test("openSqliteStore() refuses a second process, and says so", async () => {
	const path = join(dir, "held.db");
	const first = await openSqliteStore(path, { create: true });
	await first.txn([], [{ put: "a", value: "1" }]);
	await assert.rejects(openSqliteStore(path, { create: true }), { code: "CONFLICT" });
	await first.close();
});
