import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { writeWhole } from "./whole-file.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-whole-"));
after(() => rmSync(dir, { recursive: true }));

test("writeWhole() replaces a file, readable by its owner alone, and leaves nothing beside it", async () => {
	const path = join(dir, "file");
	await writeWhole(path, "former, and longer");
	await writeWhole(path, "new");
	assert.equal(readFileSync(path, "utf8"), "new");
	assert.equal(statSync(path).mode & 0o777, 0o600);
	assert.deepEqual(readdirSync(dir), ["file"]);
});

test("writeWhole() that fails leaves what was there, and no half file", async () => {
	const path = join(dir, "folder");
	mkdirSync(path);
	await assert.rejects(writeWhole(path, "text"), { code: "EISDIR" });
	assert.ok(statSync(path).isDirectory());
	assert.ok(!readdirSync(dir).includes("folder.new"));
});
