import assert from "node:assert/strict";
import { test } from "node:test";
import { Gets } from "./gets.ts";

const entryOf = (key: string) => ({ key, value: key.toUpperCase(), revision: 1 });

test("Gets makes one request of what is asked for in one turn, and gives each its own", async () => {
	const asked: (readonly string[])[] = [];
	const gets = new Gets(async (keys) => {
		asked.push(keys);
		return keys.map((key) => (key === "none" ? undefined : entryOf(key)));
	});
	const later = async () => {
		await Promise.resolve();
		return gets.get("c");
	};
	assert.deepEqual(await Promise.all([gets.get("a"), gets.get("none"), gets.get("a"), later()]), [
		entryOf("a"),
		undefined,
		entryOf("a"),
		entryOf("c"),
	]);
	assert.deepEqual(await gets.get("b"), entryOf("b"));
	assert.deepEqual(asked, [["a", "none", "a", "c"], ["b"]]);
});

test("Gets tells all who asked why there is no answer, and asks in parts that etcd takes", async () => {
	const sizes: number[] = [];
	const gets = new Gets(async (keys) => {
		sizes.push(keys.length);
		throw new Error("away");
	});
	const settled = await Promise.allSettled(Array.from({ length: 130 }, (_, n) => gets.get(`${n}`)));
	assert.ok(settled.every(({ status }) => status === "rejected"));
	assert.deepEqual(sizes, [60, 60, 10]);
});
