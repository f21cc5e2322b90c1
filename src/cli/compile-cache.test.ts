import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { needs } from "../../test/needs.ts";
import { compileCacheFolder, ownFolder } from "./compile-cache.ts";

const uid = process.getuid?.() ?? 0;
const folder = mkdtempSync(join(tmpdir(), "weft-cache-"));
after(() => rmSync(folder, { recursive: true }));

/** @returns A folder of that name and mode. */
function made(name: string, mode = 0o700): string {
	const path = join(folder, name);
	mkdirSync(path);
	chmodSync(path, mode);
	return path;
}

test("ownFolder() makes a folder that only its owner can look into, once", () => {
	const path = join(folder, "new");
	assert.equal(ownFolder(path, uid), path);
	assert.equal(statSync(path).mode & 0o777, 0o700);
	assert.equal(ownFolder(path, uid), path);
});

test("ownFolder() takes none that others can write", () => {
	for (const [name, mode] of [
		["group", 0o770],
		["others", 0o707],
		["all, sticky", 0o1777],
	] as const)
		assert.equal(ownFolder(made(name, mode), uid), undefined, name);
});

test("ownFolder() takes none below a folder in which others can rename", () => {
	const open = made("open", 0o777);
	assert.equal(ownFolder(join(open, "weft"), uid), undefined);
	mkdirSync(join(open, "below"), { mode: 0o700 });
	assert.equal(ownFolder(join(open, "below", "weft"), uid), undefined);
});

test("ownFolder() takes one in a sticky folder, as /tmp is", () => {
	const shared = made("shared", 0o1777);
	assert.equal(ownFolder(join(shared, "weft"), uid), join(shared, "weft"));
});

test("ownFolder() takes no link, no file, and nothing below them", () => {
	const target = made("target");
	symlinkSync(target, join(folder, "link"));
	writeFileSync(join(folder, "file"), "");
	for (const name of ["link", "link/weft", "file", "file/weft", "nowhere/weft"])
		assert.equal(ownFolder(join(folder, name), uid), undefined, name);
});

test("ownFolder() takes none that is another's", { skip: needs("root") }, () => {
	const another = made("another");
	chownSync(another, 65534, 65534);
	assert.equal(ownFolder(another, uid), undefined);
	assert.equal(ownFolder(join(another, "weft"), uid), undefined);
	assert.equal(ownFolder(another, 65534), another, "root may be above it");
});

test("compileCacheFolder() goes by XDG_CACHE_HOME and HOME, where they are absolute, and never for root", () => {
	const user = 1234;
	assert.equal(compileCacheFolder({}, user), undefined);
	assert.equal(compileCacheFolder({ HOME: "home" }, user), undefined);
	assert.equal(compileCacheFolder({ XDG_CACHE_HOME: "cache", HOME: "/root" }, user), undefined);
	assert.notEqual(compileCacheFolder({ XDG_CACHE_HOME: folder }, 0), join(folder, "weft"));
	if (uid !== 0) assert.equal(compileCacheFolder({ XDG_CACHE_HOME: folder }, uid), join(folder, "weft"));
});

test("compileCacheFolder() bears a HOME that is not this user's to look into", { skip: needs("root") }, () => {
	const home = made("home of another");
	const script = `import { compileCacheFolder } from ${JSON.stringify(new URL("compile-cache.ts", import.meta.url).pathname)};
		process.setuid(65534);
		process.exit(compileCacheFolder({ HOME: ${JSON.stringify(home)} }, 65534) === undefined ? 0 : 1);`;
	assert.equal(spawnSync(process.execPath, ["--input-type=module", "-e", script]).status, 0);
});
