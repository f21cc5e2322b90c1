import assert from "node:assert/strict";
import { test } from "node:test";
import { closest } from "./closest.ts";

const verbs = ["network", "run", "rm", "ps", "inspect", "logs", "launch"];

const meant: readonly (readonly [typed: string, word: string | undefined])[] = [
	["netwrok", "network"],
	["nework", "network"],
	["networks", "network"],
	["inspcet", "inspect"],
	["net", "network"],
	["la", "launch"],
	["log", "logs"],
	["sp", "ps"],
	["xyz", undefined],
	["frobnicate", undefined],
	["", undefined],
];

for (const [typed, word] of meant)
	test(`closest() takes "${typed}" for ${word ?? "nothing"}`, () => assert.equal(closest(typed, verbs), word));

test("closest() prefers the word with the fewest differences, and of those the first", () => {
	assert.equal(closest("blue1", ["blue2", "blue10", "blue"]), "blue2");
	assert.equal(closest("blue", ["blue10", "blu"]), "blue10");
});

test("closest() has nothing to offer of no words", () => assert.equal(closest("blue", []), undefined));
