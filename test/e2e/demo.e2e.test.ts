import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { runDemo } from "../../src/lab/demo/demo.ts";
import { needs } from "../needs.ts";

/** What a lab could leave on the machine. */
function traces(): string {
	const netns = execFileSync("ip", ["netns"], { encoding: "utf8" });
	const links = execFileSync("ip", ["-br", "link"], { encoding: "utf8" });
	const mounts = readFileSync("/proc/mounts", "utf8");
	return [netns, links.replace(/@if\d+/g, ""), mounts].join("\n");
}

test("the demo shows every step of the tutorial, and leaves nothing behind", {
	skip: needs("root", "runc", "conmon"),
}, async () => {
	const before = traces();
	const said: string[] = [];
	const plain = (text: string) => text;
	await runDemo({
		keep: false,
		pauseMs: 0,
		voice: { say: (text) => said.push(text), strong: plain, faint: plain, good: plain },
	});
	const text = said.join("\n");
	assert.match(text, /bbox1 answers/);
	assert.match(text, /└ vxlan1 VNI 256/);
	assert.equal(traces(), before);
	assert.ok(!existsSync("/var/lib/weft-lab/demo"));
});
