import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "./table.ts";

test("table() aligns columns, and leaves no spaces at the ends of lines", () => {
	assert.equal(
		table(
			["ID", "NAME", ""],
			[
				["1", "blue", "x"],
				["22", "b", ""],
			],
		),
		"ID   NAME\n1    blue   x\n22   b",
	);
});

test("table() without rows is its headers", () => assert.equal(table(["ID", "NAME"], []), "ID   NAME"));

test("table() counts characters, not code units", () => {
	assert.equal(
		table(
			["A", "B"],
			[
				["😀", "x"],
				["aa", "y"],
			],
		),
		"A    B\n😀    x\naa   y",
	);
});

test("table() shows control characters of cells, and obeys none", () => {
	assert.equal(table(["A", "B"], [["a\nb\u001b[2J", "x"]]), "A               B\na\\nb\\u001b[2J   x");
});
