import assert from "node:assert/strict";
import { test } from "node:test";
import { readEnv } from "./env.ts";

test("readEnv() takes values as typed, and those of bare names from the shell", () => {
	const own = { HOME: "/root", EMPTY: "", UNSET: undefined };
	assert.deepEqual(readEnv(["A=1", "B=", "C=x=y", "HOME", "EMPTY"], own), [
		"A=1",
		"B=",
		"C=x=y",
		"HOME=/root",
		"EMPTY=",
	]);
});

test("readEnv() leaves out a bare name that the shell has not", () => {
	assert.deepEqual(readEnv(["UNSET", "NOWHERE", "A=1"], { UNSET: undefined }), ["A=1"]);
});
