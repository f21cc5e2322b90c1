import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Turns } from "./turns.ts";

test("Turns.run() lets changes of one thing wait for each other, and those of another go on", async () => {
	const turns = new Turns();
	const seen: string[] = [];
	const change = (key: string, name: string, ms: number) =>
		turns.run(key, async () => {
			seen.push(`${name} begins`);
			await sleep(ms);
			seen.push(`${name} ends`);
			return name;
		});
	const all = [change("a", "a1", 30), change("a", "a2", 0), change("b", "b1", 0)];
	assert.deepEqual(await Promise.all(all), ["a1", "a2", "b1"]);
	assert.deepEqual(seen, ["a1 begins", "b1 begins", "b1 ends", "a1 ends", "a2 begins", "a2 ends"]);
});

test("Turns.run() passes a failure to its caller, and to nobody behind it", async () => {
	const turns = new Turns();
	const failed = turns.run("a", () => Promise.reject(new RangeError("no")));
	const next = turns.run("a", () => Promise.resolve("yes"));
	await assert.rejects(failed, RangeError);
	assert.equal(await next, "yes");
});
