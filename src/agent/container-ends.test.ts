import assert from "node:assert/strict";
import { test } from "node:test";
import { ContainerEnds } from "./container-ends.ts";

const never = new AbortController().signal;

test("ContainerEnds.of() tells all who wait, and those who come later", async () => {
	const ends = new ContainerEnds();
	const waiting = [ends.of("a", never), ends.of("a", never)];
	ends.note("a", 7);
	assert.deepEqual(await Promise.all(waiting), [7, 7]);
	assert.equal(await ends.of("a", never), 7);
	assert.equal(ends.exitCode("a"), 7);
});

test("ContainerEnds.of() lets go when it is aborted, and of one that will not end", async () => {
	const ends = new ContainerEnds();
	const ending = new AbortController();
	const aborted = ends.of("a", ending.signal);
	const removed = ends.of("b", never);
	ending.abort();
	ends.noteGone("b");
	assert.deepEqual(await Promise.all([aborted, removed]), [undefined, undefined]);
	assert.equal(await ends.of("a", ending.signal), undefined);
});

test("ContainerEnds.note() forgets the oldest of a thousand", () => {
	const ends = new ContainerEnds();
	for (let n = 0; n <= 1_000; n++) ends.note(`${n}`, 0);
	assert.equal(ends.exitCode("0"), undefined);
	assert.equal(ends.exitCode("1"), 0);
});
