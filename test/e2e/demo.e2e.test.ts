import assert from "node:assert/strict";
import { test } from "node:test";
import { runDemo } from "../../src/lab/demo/demo.ts";
import { needs } from "../needs.ts";
import { Traces } from "./traces.ts";

test("the demo shows every step of the tutorial, and leaves nothing behind", {
	skip: needs("root", "runc", "conmon", "nft"),
}, async () => {
	const traces = new Traces("demo");
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
	assert.deepEqual(traces.found(), []);
});
