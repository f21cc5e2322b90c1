import assert from "node:assert/strict";
import { test } from "node:test";
import { DetachKeys } from "./detach-keys.ts";

/** @returns All that passes, and whether it ended with leaving. */
function pass(...typed: readonly string[]): [string, boolean] {
	const keys = new DetachKeys();
	let passed = "";
	for (const text of typed) {
		const read = keys.read(Buffer.from(text));
		passed += read.typed.toString();
		if (read.leaves) return [passed, true];
	}
	return [passed, false];
}

test("DetachKeys finds Ctrl-P Ctrl-Q, in one piece or two", () => {
	assert.deepEqual(pass("ls\n\x10\x11more"), ["ls\n", true]);
	assert.deepEqual(pass("ls\x10", "\x11"), ["ls", true]);
});

test("DetachKeys holds a Ctrl-P back only until the next key", () => {
	assert.deepEqual(pass("\x10"), ["", false]);
	assert.deepEqual(pass("a\x10", "b"), ["a\x10b", false]);
	assert.deepEqual(pass("\x10", "\x10", "\x11"), ["\x10", true]);
	assert.deepEqual(pass("\x11\x10x"), ["\x11\x10x", false]);
});
