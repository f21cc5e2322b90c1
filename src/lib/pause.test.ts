import assert from "node:assert/strict";
import { test } from "node:test";
import { pause } from "./pause.ts";

test("pause() ends when its time is over, it is woken, or its signal aborts, and then listens no more", async () => {
	let [wake, listening] = [() => {}, false];
	const listen = (callback: () => void) => {
		[wake, listening] = [callback, true];
		return () => {
			listening = false;
		};
	};
	await pause(5, new AbortController().signal, listen);
	assert.equal(listening, false);

	const woken = pause(60_000, new AbortController().signal, listen);
	wake();
	await woken;
	assert.equal(listening, false);

	const ending = new AbortController();
	const aborted = pause(60_000, ending.signal, listen);
	ending.abort();
	await aborted;
	await pause(60_000, ending.signal, listen);
	assert.equal(listening, false);
});
