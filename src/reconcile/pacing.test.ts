import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Pacing } from "./pacing.ts";

test("Pacing looks at a place that changes without a pause ever less often, and at another one soon", async () => {
	const looks: [place: string, atMs: number][] = [];
	const pacing = new Pacing<string>((place) => looks.push([place, performance.now()]));
	const flapping = setInterval(() => pacing.note("busy"), 1);
	await sleep(1_900);
	const began = performance.now();
	pacing.note("other");
	await sleep(300);
	const other = looks.find(([place]) => place === "other");
	assert.ok(other !== undefined && other[1] - began < 200);
	await sleep(900);
	clearInterval(flapping);
	const busy = looks.filter(([place]) => place === "busy").map(([, at]) => at);
	assert.ok(busy.length >= 6 && busy.length <= 11, `${busy.length} looks in 3 s`);
	// The last change of all is looked at, within a second.
	const last = performance.now();
	await sleep(1_000);
	assert.ok((looks.at(-1)?.[1] ?? 0) > last - 10);
	pacing.close();
});

test("Pacing looks soon again at a place that was quiet", async () => {
	let looks = 0;
	const pacing = new Pacing<string>(() => looks++);
	for (let n = 0; n < 3; n++) {
		pacing.note("calm");
		pacing.note("calm");
		await sleep(150);
		assert.equal(looks, n + 1);
	}
	pacing.note("calm");
	pacing.close();
	await sleep(50);
	assert.equal(looks, 3);
});
