import assert from "node:assert/strict";
import { after, test } from "node:test";
import { runWeft } from "../../test/memory-io.ts";
import { serveMemory } from "../../test/served-service.ts";

const { env, close } = await serveMemory();
after(close);

/** "·" stands for an empty last word. @returns What `weft complete` offers. */
async function offered(line: string, socket = env.WEFT_SOCKET): Promise<string[]> {
	const words = line.split(" ").map((word) => (word === "·" ? "" : word));
	const { code, stdout, stderr } = await runWeft(["complete", "--", ...words], { env: { WEFT_SOCKET: socket } });
	assert.deepEqual([code, stderr], [0, ""]);
	return stdout.split("\n").slice(0, -1).sort();
}

const lines: readonly (readonly [line: string, words: readonly string[]])[] = [
	["net", ["network"]],
	["l", ["lab", "launch", "logs"]],
	["xyz", []],
	["network c", ["connect", "create"]],
	["network list --q", ["--quiet"]],
	["help network r", ["rm"]],
	["network rm ·", ["black", "blue", "red"]],
	["network rm bl", ["black", "blue"]],
	["network rm blue bl", ["black"]],
	["network connect ·", ["black", "blue", "red"]],
	["network connect blue ·", ["web", "worker"]],
	["network connect --ip 10.0.0.9 bl", ["black", "blue"]],
	["network connect --ip 10.0.0.9 blue w", ["web", "worker"]],
	["network connect --ip ·", []],
	["network disconnect blue web ·", []],
	["inspect ·", ["black", "blue", "red", "web", "worker"]],
	["stop -t 2 we", ["web"]],
	["exec we", ["web"]],
	["exec web ·", []],
	["run --network b", ["black", "blue"]],
	["run --network=b", ["--network=black", "--network=blue"]],
	["run --net", ["--network"]],
	["run -- ·", []],
	["run --rm --n", ["--name", "--network"]],
	["ps --format ·", ["json", "table"]],
	["inspect -f j", ["json"]],
	["network ls --filter n", ["name="]],
	["network create -d o", ["overlay"]],
	["completion ·", ["bash", "fish", "zsh"]],
	["logs --h", ["--help"]],
	["detach ·", []],
	["network", ["network"]],
	["agent", []],
];

for (const [line, words] of lines)
	test(`weft ${line.replace("·", "")}… may go on with ${words.join(", ") || "nothing"}`, async () => {
		assert.deepEqual(await offered(line), words);
	});

test("candidates() has no names, and no error, where no agent answers", async () => {
	assert.deepEqual(await offered("network rm ·", "/nowhere/weft.sock"), []);
	assert.deepEqual(await offered("network c", "/nowhere/weft.sock"), ["connect", "create"]);
});
