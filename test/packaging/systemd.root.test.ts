import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "../needs.ts";

const units = new URL("../../packaging/systemd/", import.meta.url).pathname;
const weft = new URL("../../bin/weft", import.meta.url).pathname;

test("systemd takes the unit files as they are", { skip: needs("root", "systemd-analyze") }, () => {
	const folder = mkdtempSync(join(tmpdir(), "weft-units-"));
	try {
		const names = readdirSync(units);
		assert.deepEqual(names.toSorted(), ["weft-agent.service", "weft-names.service"]);
		for (const name of names) {
			const text = readFileSync(join(units, name), "utf8").replaceAll("/usr/bin/weft", weft);
			writeFileSync(join(folder, name), text);
		}
		const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", ...names.map((name) => join(folder, name))], {
			encoding: "utf8",
		});
		assert.equal(stdout + stderr, "");
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test("the unit files start commands that weft has", { skip: needs("root") }, () => {
	for (const name of readdirSync(units)) {
		const [, args = ""] = /^ExecStart=\/usr\/bin\/weft (.*)$/m.exec(readFileSync(join(units, name), "utf8")) ?? [];
		const help = execFileSync(weft, [args.split(" ")[0] ?? "", "--help"], { encoding: "utf8" });
		for (const flag of args.match(/--[a-z-]+/g) ?? []) assert.match(help, new RegExp(`${flag}\\b`), name);
	}
});
