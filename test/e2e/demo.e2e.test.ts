import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { runDemo } from "../../src/lab/demo/demo.ts";
import type { Voice } from "../../src/lab/demo/run-step.ts";
import { needs } from "../needs.ts";
import { Traces } from "./traces.ts";
import { weftProgram } from "./with-lab.ts";

const skip = needs("root", "runc", "conmon", "nft");
const labName = "demotest";
const columns = 80;

function listening(): { readonly voice: Voice; readonly said: string[] } {
	const said: string[] = [];
	const plain = (text: string) => text;
	return { said, voice: { columns, say: (text) => said.push(text), strong: plain, faint: plain, good: plain } };
}

test("the demo shows every step of the tutorial, and leaves nothing behind", { skip }, async () => {
	const traces = new Traces(labName);
	const { said, voice } = listening();
	await runDemo({ labName, keep: false, pauseMs: 0, signal: new AbortController().signal, voice });
	const text = said.join("\n");
	assert.match(text, /bbox1 answers/);
	assert.match(text, /│ └ vxlan1 VNI 256 +│/);
	const lines = text.split("\n");
	assert.deepEqual(
		lines.filter((line) => line.length > columns),
		[],
	);
	const drawing = lines.filter((line) => /[│┌└═]/.test(line) && !line.startsWith(" "));
	assert.equal(new Set(drawing.map((line) => line.length)).size, 1, drawing.join("\n"));
	assert.deepEqual(traces.found(), []);
});

test("the demo fails aloud at a step that does not show what it must, and tidies up", { skip }, async () => {
	const traces = new Traces(labName);
	const { said, voice } = listening();
	// Somebody takes the store's host off the network once it is up.
	const sabotage: Voice = {
		...voice,
		say(text) {
			voice.say(text);
			if (text.includes("host2 192.168.56.102"))
				spawnSync(weftProgram, ["lab", "partition", "--lab", labName, "host1", "host2"]);
		},
	};
	const running = runDemo({ labName, keep: false, pauseMs: 0, signal: new AbortController().signal, voice: sabotage });
	await assert.rejects(running, {
		code: "LAB_FAILED",
		message: 'The demo failed at "weft network ls" on host2: expected host2 knows it: scope global',
	});
	assert.equal(said.at(-1), "All of it is gone again.");
	assert.deepEqual(traces.found(), []);
});

test("weft demo that is interrupted tidies up, at whatever it was", { skip }, async () => {
	const traces = new Traces(labName);
	for (const moment of [/Two hosts/, /host1 192/, /ping -c 2/]) {
		// In a group of its own, which a terminal's Ctrl-C goes to as a whole.
		const child = spawn(weftProgram, ["demo", "--lab", labName], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
		let said = "";
		child.stderr.on("data", (chunk) => {
			said += String(chunk);
		});
		let pressed = false;
		child.stdout.on("data", (chunk) => {
			said += String(chunk);
			if (pressed || !moment.test(said)) return;
			pressed = true;
			process.kill(-(child.pid ?? 0), "SIGINT");
		});
		const [code] = (await once(child, "close")) as [number | null];
		assert.equal(code, 130, said);
		assert.match(said, /interrupted\n$/);
		assert.deepEqual(traces.found(), [], said);
	}
});
