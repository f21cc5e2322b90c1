import assert from "node:assert/strict";
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, beforeEach, test } from "node:test";
import { isWeftError } from "../model/error.ts";
import { openSqliteStore } from "./sqlite.ts";

const root = mkdtempSync(join(tmpdir(), "weft-database-"));
const [whole, dir] = [join(root, "whole.db"), join(root, "dir")];
const path = join(dir, "store.db");
const entries = 300;

before(async () => {
	const store = await openSqliteStore(whole, { create: true });
	for (let n = 0; n < entries; n += 10)
		await store.txn(
			[],
			Array.from({ length: 10 }, (_, i) => ({ put: `k/${n + i}`, value: JSON.stringify({ text: "v".repeat(n) }) })),
		);
	await store.close();
});
beforeEach(() => {
	rmSync(dir, { recursive: true, force: true });
	mkdirSync(dir);
	cpSync(whole, path);
});
after(() => rmSync(root, { recursive: true }));

/** Opens `path`, which must be refused, be it asked for as one to make, and be left as it is. */
async function refused(code: string, message: RegExp): Promise<void> {
	const was = readFileSync(path);
	for (const create of [true, false])
		await assert.rejects(openSqliteStore(path, { create }), (error) => {
			assert.ok(isWeftError(error), String(error));
			assert.equal(error.code, code);
			assert.match(error.message, message);
			assert.match(error.message, new RegExp(path));
			return true;
		});
	assert.ok(readFileSync(path).equals(was));
}

test("openSqliteStore() refuses a database that was cut, wherever it was, and leaves it as it is", async () => {
	const { length } = readFileSync(path);
	for (let size = length - 1; size >= 0; size -= 509) {
		truncateSync(path, size);
		await refused("DATABASE_DAMAGED", /left as it is/);
	}
});

test("openSqliteStore() refuses a database whose structure is damaged, or finds every key of it", async () => {
	const good = readFileSync(path);
	let found = 0;
	for (let at = 0; at < good.length; at += 1021) {
		const damaged = Buffer.from(good);
		for (let i = at; i < Math.min(at + 16, good.length); i++) damaged[i] = damaged.readUInt8(i) ^ 0xa5;
		writeFileSync(path, damaged);
		try {
			const store = await openSqliteStore(path, { create: false });
			const read = await store.list("k");
			assert.equal(read.entries.length, entries);
			await store.close();
		} catch (error) {
			assert.ok(isWeftError(error, "DATABASE_DAMAGED", "CONFIG_INVALID"), `byte ${at}: ${String(error)}`);
			found++;
		}
	}
	assert.ok(found > 10, `${found} found`);
});

for (const [what, text] of [
	["text", "this is no database, and long enough to be looked at ".repeat(100)],
	["zeros", "\0".repeat(20_000)],
	["little", "x"],
] as const)
	test(`openSqliteStore() refuses ${what} in the place of a database`, async () => {
		writeFileSync(path, text);
		await refused("DATABASE_DAMAGED", /left as it is/);
	});

test("openSqliteStore() refuses an empty file", async () => {
	writeFileSync(path, "");
	await refused("DATABASE_DAMAGED", /shorter than it was/);
});

test("openSqliteStore() refuses another program's database", async () => {
	rmSync(path);
	const db = new DatabaseSync(path);
	db.exec("CREATE TABLE cookies (name TEXT)");
	db.close();
	await refused("DATABASE_DAMAGED", /another program's/);
});

test("openSqliteStore() refuses a database without its revision", async () => {
	const db = new DatabaseSync(path);
	db.exec("PRAGMA journal_mode = DELETE; DELETE FROM meta WHERE name = 'revision'");
	db.close();
	await assert.rejects(openSqliteStore(path, { create: false }), { code: "DATABASE_DAMAGED" });
});

test("openSqliteStore() makes none in the place of one that is gone", async () => {
	rmSync(path);
	await assert.rejects(openSqliteStore(path, { create: false }), { code: "DATABASE_DAMAGED", message: /it is gone/ });
	writeFileSync(`${path}-wal`, "journal");
	await assert.rejects(openSqliteStore(path, { create: true }), { code: "DATABASE_DAMAGED", message: /its journal/ });
	assert.deepEqual(readdirSync(dir), ["store.db-wal"]);
});

test("openSqliteStore() says that there is a folder in its place, or none around it", async () => {
	rmSync(path);
	mkdirSync(path);
	await assert.rejects(openSqliteStore(path, { create: true }), { code: "CONFIG_INVALID", message: /store\.db/ });
	const lost = join(dir, "none", "store.db");
	await assert.rejects(openSqliteStore(lost, { create: true }), { code: "CONFIG_INVALID", message: /none\/store\.db/ });
});

test("openSqliteStore() makes a database over what a killed one left", async () => {
	rmSync(path);
	writeFileSync(`${path}.new`, "half");
	writeFileSync(`${path}.new-journal`, "half");
	const store = await openSqliteStore(path, { create: true });
	await store.txn([], [{ put: "a", value: "1" }]);
	await store.close();
	assert.deepEqual(readdirSync(dir), ["store.db"]);
});
