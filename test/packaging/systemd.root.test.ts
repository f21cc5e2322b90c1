import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rights } from "../../src/agent/confined.ts";
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

/** Tenths, as `systemd-analyze security` counts: 0 is closed, 100 open. With nothing said, both had 96. */
const exposure = { agent: 76, names: 29 };

for (const who of ["agent", "names"] as const) {
	const unit = join(units, `weft-${who}.service`);

	test(`weft-${who}.service is exposed by ${exposure[who] / 10} of 10 at most`, {
		skip: needs("systemd-analyze"),
	}, () => {
		const { status, stdout } = spawnSync(
			"systemd-analyze",
			["security", "--offline=true", `--threshold=${exposure[who]}`, unit],
			{ encoding: "utf8" },
		);
		assert.equal(status, 0, stdout.split("\n").at(-2));
	});

	test(`weft-${who}.service bounds capabilities as weft launch does`, () => {
		const text = readFileSync(unit, "utf8");
		const bounds = [...text.matchAll(/^CapabilityBoundingSet=(.*)$/gm)].flatMap(([, names = ""]) => names.split(" "));
		const wanted = rights[who].capabilities.map((name) => `CAP_${name.toUpperCase()}`);
		assert.deepEqual(bounds.toSorted(), wanted.toSorted());
		assert.equal(/^NoNewPrivileges=yes$/m.test(text), rights[who].noNewPrivileges);
	});
}
