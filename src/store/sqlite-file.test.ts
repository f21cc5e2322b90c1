import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { isWeftError } from "../model/error.ts";
import { openSqliteStore } from "./sqlite.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-damage-"));
after(() => rmSync(dir, { recursive: true }));

let whole: Buffer;
before(async () => {
	const path = join(dir, "whole.db");
	const store = await openSqliteStore(path);
	for (let n = 0; n < 40; n++) await store.txn([], [{ put: `networks/${n}`, value: "x".repeat(200) }]);
	await store.close();
	whole = readFileSync(path);
});

let made = 0;
/** @returns The path of a database of these bytes, in a folder of its own. */
function placed(bytes: Uint8Array): string {
	const folder = join(dir, `${made++}`);
	mkdirSync(folder);
	const path = join(folder, "store.db");
	writeFileSync(path, bytes);
	return path;
}

/** Opens what is damaged. Refused, it must be kept byte for byte, and missed by the next one who opens it. */
async function assertKept(bytes: Uint8Array): Promise<"refused" | "opened"> {
	const path = placed(bytes);
	const folder = join(path, "..");
	try {
		const store = await openSqliteStore(path);
		// All keys that a file holds are read by what examined it: none may be missing.
		assert.equal((await store.list("")).entries.length, 40);
		await store.close();
		return "opened";
	} catch (error) {
		assert.ok(isWeftError(error, "DATABASE_DAMAGED"), String(error));
		assert.match(error.message, /store\.db\.damaged-\d+$/);
		const aside = readdirSync(folder).find((file) => /^store\.db\.damaged-\d+$/.test(file));
		assert.ok(aside !== undefined && error.fix !== undefined);
		assert.equal(readFileSync(join(folder, aside)).length, bytes.length);
		await assert.rejects(openSqliteStore(path), { code: "DATABASE_DAMAGED" });
		return "refused";
	} finally {
		rmSync(folder, { recursive: true });
	}
}

test("openSqliteStore() refuses a database that was cut anywhere, also to nothing", async () => {
	for (let length = 0; length < whole.length; length += 700)
		assert.equal(await assertKept(whole.subarray(0, length)), "refused", `${length} bytes`);
});

test("openSqliteStore() opens a database with flipped bytes with all its keys, or keeps it aside", async () => {
	const flips = fc.array(fc.record({ at: fc.nat(whole.length - 1), bits: fc.integer({ min: 1, max: 255 }) }), {
		minLength: 1,
		maxLength: 30,
	});
	await fc.assert(
		fc.asyncProperty(flips, async (all) => {
			const bytes = Buffer.from(whole);
			for (const { at, bits } of all) bytes[at] = (bytes[at] ?? 0) ^ bits;
			await assertKept(bytes);
		}),
		{ numRuns: 60 },
	);
});

test("openSqliteStore() keeps aside what is another program's", async () => {
	assert.equal(await assertKept(Buffer.from("this is no database ".repeat(300))), "refused");
	const other = join(dir, "other.db");
	const db = new DatabaseSync(other);
	db.exec("CREATE TABLE meta (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO meta VALUES (1, 'x')");
	db.close();
	assert.equal(await assertKept(readFileSync(other)), "refused");
});

test("openSqliteStore() takes a backup in place of what was damaged", async () => {
	const path = placed(whole.subarray(0, 1000));
	await assert.rejects(openSqliteStore(path), { code: "DATABASE_DAMAGED" });
	copyFileSync(join(dir, "whole.db"), path);
	const store = await openSqliteStore(path);
	assert.equal((await store.list("networks")).entries.length, 40);
	await store.close();
});

test("openSqliteStore() says that a folder is in the way, and leaves it", async () => {
	const path = join(dir, "folder.db");
	mkdirSync(path);
	await assert.rejects(openSqliteStore(path), { code: "CONFIG_INVALID", message: /it is a folder$/ });
	assert.deepEqual(readdirSync(path), []);
});
