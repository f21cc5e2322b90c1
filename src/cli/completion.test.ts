import assert from "node:assert/strict";
import { after, test } from "node:test";
import { needs } from "../../test/needs.ts";
import { serveMemory } from "../../test/served-service.ts";
import { completions } from "../../test/shells.ts";

const { env, close } = await serveMemory();
after(close);

test("bash completes verbs, flags, values and names", { skip: needs("bash") }, async () => {
	const lines: readonly (readonly [line: string, words: readonly string[]])[] = [
		["weft net", ["network"]],
		["weft network rm b", ["black", "blue"]],
		["weft network connect blue ", ["web", "worker"]],
		["weft run --net", ["--network"]],
		// bash has "=" for a word of its own.
		["weft run --network=b", ["black", "blue"]],
		["weft exec web ", []],
	];
	const found = await completions(
		"bash",
		lines.map(([line]) => line),
		env,
	);
	assert.deepEqual(
		found,
		lines.map(([, words]) => words),
	);
});
