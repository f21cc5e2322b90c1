import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildRelease } from "../../scripts/build.ts";
import { underlay } from "../../src/lab/names.ts";
import { needs } from "../needs.ts";
import { TestLab } from "./with-lab.ts";

const repository = new URL("../../", import.meta.url).pathname;
const release = mkdtempSync(join(tmpdir(), "weft-release-"));
after(() => rmSync(release, { recursive: true }));

/** As it is installed: no sources, no packages, the Node that it was tested with. */
mkdirSync(join(release, "bin"));
copyFileSync(join(repository, "bin/weft"), join(release, "bin/weft"));
await buildRelease(join(release, "dist"));
mkdirSync(join(release, "dist/bin"));
symlinkSync(process.execPath, join(release, "dist/bin/node"));
const weft = join(release, "bin/weft");

const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };

function run(program: string, ...args: readonly string[]) {
	return spawnSync(program, args, { encoding: "utf8", cwd: "/", env: { PATH: "/usr/bin:/bin" } });
}

test("the release says its version, and helps, by any path to it", () => {
	symlinkSync(weft, join(release, "weft"));
	symlinkSync("../weft", join(release, "bin/linked"));
	for (const program of [weft, join(release, "weft"), join(release, "bin/linked")]) {
		const { status, stdout, stderr } = run(program, "version");
		assert.deepEqual([status, stdout, stderr], [0, `weft ${version}\n`, ""]);
	}
	assert.equal(run("sh", "-c", `cd ${release}/bin && sh weft version`).stdout, `weft ${version}\n`);
	const help = run(weft, "--help").stdout;
	assert.equal(help, readFileSync(join(repository, "src/cli/testdata/weft.golden"), "utf8"));
});

test("the release refuses, and ends, as the sources do", () => {
	const { status, stderr } = run(weft, "netwrok");
	assert.equal(status, 2);
	assert.match(stderr, /did you mean "weft network"\?\n {2}fix: {3}weft --help\n/);
	assert.equal(run("sh", "-c", `${weft} --help | head -1`).stdout, "Usage:  weft COMMAND\n");
});

/** Runs `weft` and prints, for each file of the release that it loaded, its size. */
const spy = `
const { _load: load } = require("node:module"), { statSync } = require("node:fs"), loaded = new Map();
require("node:module")._load = function (...args) {
	const exports = load.apply(this, args);
	for (const file of Object.keys(require.cache)) loaded.set(file, statSync(file).size);
	return exports;
};
process.on("exit", () => console.log("\\n" + JSON.stringify([...loaded])));
process.argv.splice(1, 1);
require(process.argv[1]);
`;

test("a plain verb loads few and small files of the release", () => {
	const main = join(release, "dist/weft.js");
	const { stdout } = run(process.execPath, "-e", spy, "spy", main, "network", "ls");
	const loaded = JSON.parse(stdout.slice(stdout.lastIndexOf("\n[") + 1)) as [file: string, bytes: number][];
	assert.ok(loaded.length >= 3, stdout);
	assert.ok(loaded.length <= 5, loaded.join("\n"));
	assert.ok(
		loaded.every(([file]) => !file.includes("/node_modules/")),
		loaded.join("\n"),
	);
	assert.ok(loaded.reduce((sum, [, bytes]) => sum + bytes, 0) < 100_000, loaded.join("\n"));
});

test("an agent of the release runs containers that reach each other", {
	skip: needs("root", "runc", "conmon"),
}, async (t) => {
	const lab = new TestLab("release");
	await lab.lab.down();
	t.after(() => lab.lab.down());
	await lab.lab.up({ hosts: 1, agents: false, onProgress: () => {} });
	const typed = (...words: readonly string[]) => lab.lab.exec("host1", [weft, ...words]).trim();
	assert.match(typed("launch", "--advertise-addr", underlay.address(1)), /✓ agent +pid \d+, 1 host in the cluster/);
	typed("network", "create", "blue");
	typed("run", "-d", "--name", "bbox1", "--network", "blue", "--", "sleep", "1d");
	assert.match(typed("run", "--rm", "--network", "blue", "--", "ping", "-c", "1", "bbox1"), / 0% packet loss/);
	assert.equal(typed("exec", "bbox1", "echo", "hi"), "hi");
	assert.match(typed("ps"), /blue 10\.0\.0\.2 +bbox1$/m);
	assert.match(typed("status"), new RegExp(`version ${version}\\n[^]*health: +all well`));
	typed("rm", "-f", "bbox1");
	typed("network", "rm", "blue");
});
