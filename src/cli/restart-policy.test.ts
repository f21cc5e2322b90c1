import assert from "node:assert/strict";
import { test } from "node:test";
import { readRestart } from "./restart-policy.ts";

test("readRestart() reads Docker's four policies, one of them with a count", () => {
	const read = ["no", "always", "unless-stopped", "on-failure", "on-failure:3"].map(readRestart);
	assert.deepEqual(
		read.map(({ name, maximumRetryCount }) => `${name} ${maximumRetryCount}`),
		["no 0", "always 0", "unless-stopped 0", "on-failure 0", "on-failure 3"],
	);
});

for (const text of [
	"",
	"never",
	"Always",
	"always:3",
	"on-failure:",
	"on-failure:-1",
	"on-failure:x",
	"on-failure:1:2",
])
	test(`readRestart() refuses ${JSON.stringify(text)}`, () => {
		assert.throws(() => readRestart(text), { code: "ARGUMENT_INVALID", fix: "--restart=on-failure:5" });
	});
