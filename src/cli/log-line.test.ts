import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../test/memory-io.ts";
import { writeLine } from "./log-line.ts";

const time = "2024-05-17T10:00:00.000000001+00:00";

test("writeLine() writes each line to its own stream", () => {
	const io = memoryIo();
	const write = writeLine(io, false);
	write({ time, stream: "stdout", text: "one", partial: false });
	write({ time, stream: "stderr", text: "two", partial: false });
	write({ time, stream: "stdout", text: "", partial: false });
	assert.deepEqual([io.stdout.text, io.stderr.text], ["one\n\n", "two\n"]);
});

test("writeLine() puts the parts of a line together, with one time", () => {
	const io = memoryIo();
	const write = writeLine(io, true);
	write({ time, stream: "stdout", text: "one ", partial: true });
	write({ time, stream: "stderr", text: "amid", partial: false });
	write({ time, stream: "stdout", text: "line", partial: false });
	write({ time, stream: "stdout", text: "next", partial: false });
	assert.equal(io.stdout.text, `${time} one line\n${time} next\n`);
	assert.equal(io.stderr.text, `${time} amid\n`);
});
