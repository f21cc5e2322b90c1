import assert from "node:assert/strict";
import { after, test } from "node:test";
import { needs } from "../../test/needs.ts";
import { serveMemory } from "../../test/served-service.ts";
import { completions } from "../../test/shells.ts";

const { env, close } = await serveMemory();
after(close);

const lines: readonly (readonly [line: string, words: readonly string[]])[] = [
	["weft net", ["network"]],
	["weft network rm b", ["black", "blue"]],
	["weft network connect blue ", ["web", "worker"]],
	["weft run --net", ["--network"]],
	["weft run --network=b", ["--network=black", "--network=blue"]],
];

for (const shell of ["zsh", "fish"] as const)
	test(`${shell} completes verbs, flags, values and names`, { skip: needs(shell) }, async () => {
		const found = await completions(
			shell,
			lines.map(([line]) => line),
			env,
		);
		assert.deepEqual(
			found,
			lines.map(([, words]) => words),
		);
	});
