import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { memoryIo } from "../../test/memory-io.ts";
import { progress } from "./progress.ts";

test("progress() rewrites one line of a terminal, not more often than one can read, and takes it away", async () => {
	const io = memoryIo();
	Object.assign(io.stderr, { isTTY: true });
	const shown = progress(io);
	shown.tell("at once");
	await sleep(120);
	shown.tell("60 of 120 records");
	shown.tell("120 of 120 records");
	shown.end();
	assert.equal(io.stderr.text, "\r\u001b[K60 of 120 records\r\u001b[K");
});

test("progress() writes nothing where there is no terminal", async () => {
	const io = memoryIo();
	const shown = progress(io);
	await sleep(120);
	shown.tell("60 of 120 records");
	shown.end();
	assert.equal(io.stderr.text, "");
});
