import assert from "node:assert/strict";
import { test } from "node:test";
import { golden } from "../../test/golden.ts";
import { runWeft } from "../../test/memory-io.ts";

const goldens: readonly (readonly [file: string, words: readonly string[]])[] = [
	["weft.golden", ["--help"]],
	["network.golden", ["network", "--help"]],
	["network-create.golden", ["network", "create", "--help"]],
	["exec.golden", ["exec", "--help"]],
];

for (const [file, words] of goldens)
	test(`weft ${words.join(" ")} prints testdata/${file}`, async () => {
		const { code, stdout, stderr } = await runWeft(words);
		assert.deepEqual([code, stderr], [0, ""]);
		golden(new URL(`testdata/${file}`, import.meta.url), stdout);
	});

const same: readonly (readonly [words: readonly string[], other: readonly string[]])[] = [
	[[], ["--help"]],
	[["help"], ["--help"]],
	[["-h"], ["--help"]],
	[["network"], ["network", "--help"]],
	[
		["help", "network", "create"],
		["network", "create", "--help"],
	],
	[
		["network", "create", "-h"],
		["network", "create", "--help"],
	],
	[
		["network", "list", "--help"],
		["network", "ls", "--help"],
	],
	[["-v"], ["version"]],
	[["--version"], ["version"]],
];

for (const [words, other] of same)
	test(`weft ${words.join(" ")} is weft ${other.join(" ")}`, async () => {
		const nowhere = { env: { WEFT_SOCKET: "/nowhere/weft.sock" } };
		assert.deepEqual(await runWeft(words, nowhere), await runWeft(other, nowhere));
	});
