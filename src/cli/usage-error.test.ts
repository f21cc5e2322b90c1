import assert from "node:assert/strict";
import { test } from "node:test";
import { readInteger, readPairs, readSpan } from "./usage-error.ts";

test("readInteger() takes whole numbers between its bounds, both included", () => {
	for (const text of ["0", "10", "007"]) assert.equal(readInteger("--n", text, 0, 10), Number(text));
	for (const text of ["-1", "11", "1.5", "1e1", "", " 1", "0x1", "1_0", "٣", "99999999999999999999"])
		assert.throws(() => readInteger("--n", text, 0, 10), { message: /wanted a whole number from 0 to 10$/ }, text);
});

test("readPairs() cuts at the first =, and the last of a key counts", () => {
	assert.deepEqual(readPairs("--o", ["a=1", "b=x=y", "c=", "a=2"], ""), { a: "2", b: "x=y", c: "" });
	for (const text of ["a", "", "=1"]) assert.throws(() => readPairs("--o", [text], "a=1"), { fix: "--o a=1" }, text);
});

test("readPairs() makes a field of any key", () => {
	assert.deepEqual(Object.keys(readPairs("--o", ["__proto__=1"], "")), ["__proto__"]);
});

test("readSpan() counts seconds", () => {
	const spans = { "90": 90, "90s": 90, "30m": 1800, "12h": 43_200, "7d": 604_800, "0": 0 };
	for (const [text, seconds] of Object.entries(spans)) assert.equal(readSpan("--ttl", text), seconds);
	for (const text of ["", "s", "1w", "-1", "1.5h", "1h30m", " 1h", "9999999999"])
		assert.throws(() => readSpan("--ttl", text), { message: /wanted a time span$/ }, text);
});
