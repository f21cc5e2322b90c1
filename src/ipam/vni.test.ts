import assert from "node:assert/strict";
import test from "node:test";
import { allocateVni, vniRestMs } from "./vni.ts";

const now = 1_000_000;

test("allocateVni() gives the lowest free VNI, from 256 up", () => {
	assert.equal(allocateVni(new Set(), new Map(), now), 256);
	assert.equal(allocateVni(new Set([256, 258]), new Map(), now), 257);
});

test("allocateVni() lets the VNI of a removed network rest for ten minutes", () => {
	const released = new Map([[256, now - vniRestMs + 1]]);
	assert.equal(allocateVni(new Set(), released, now), 257);
	assert.equal(allocateVni(new Set(), released, now + 1), 256);
});

test("allocateVni() takes one that rests when nothing else is free, and says when none is", () => {
	const all = new Set(Array.from({ length: 2 ** 24 - 256 }, (_, i) => 256 + i));
	assert.throws(() => allocateVni(all, new Map(), now), { code: "VNI_EXHAUSTED" });
	all.delete(4711);
	assert.equal(allocateVni(all, new Map([[4711, now]]), now), 4711);
});
