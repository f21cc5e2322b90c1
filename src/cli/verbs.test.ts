import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eachVerb } from "../../test/each-verb.ts";
import { golden } from "../../test/golden.ts";
import { memoryIo, runWeft } from "../../test/memory-io.ts";
import { serveMemory } from "../../test/served-service.ts";
import { runCli } from "./run-cli.ts";

const { service, env, close } = await serveMemory();
after(close);

/** How each verb that prints something is typed. */
const printing: Readonly<Record<string, readonly string[]>> = {
	attach: ["--network", "red", "--name", "db", "4711"],
	events: [],
	hosts: [],
	inspect: ["web", "blue"],
	"lab ls": ["--lab", "none"],
	"network inspect": ["blue", "red"],
	"network ls": [],
	ps: ["-a"],
	status: [],
	"store check": ["--repair"],
	token: [],
	version: [],
};
const lists = new Set(["hosts", "lab ls", "network ls", "ps", "store check"]);

test("every verb that prints something has a --format, and is known here", async () => {
	const known: string[] = [];
	for await (const { path, command } of eachVerb()) if (Object.hasOwn(command.flags, "format")) known.push(path);
	assert.deepEqual(known.sort(), Object.keys(printing).sort());
});

for (const [path, words] of Object.entries(printing).filter(([verb]) => verb !== "events"))
	test(`weft ${path} --format json prints JSON and nothing else`, async () => {
		const { code, stdout, stderr } = await runWeft([...path.split(" "), "--format", "json", ...words], { env });
		assert.deepEqual([code, stderr], [0, ""]);
		const parts = lists.has(path) ? stdout.split("\n").slice(0, -1) : [stdout];
		for (const part of parts) assert.equal(typeof JSON.parse(part), "object");
		if (lists.has(path) && path !== "lab ls") assert.ok(parts.length > 0);
	});

test("weft events --format json prints JSON lines until it is interrupted", async () => {
	const io = memoryIo({ env });
	const ended = runCli(["events", "--format", "json"], io);
	while (service.listening === 0) await new Promise((resolve) => setTimeout(resolve, 5));
	service.emit("create", "11", "green");
	service.emit("remove", "11", "green");
	while (io.stdout.text.split("\n").length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
	io.signal("SIGINT");
	assert.equal(await ended, 0);
	const events = io.stdout.text.split("\n").slice(0, -1);
	assert.deepEqual(
		events.map((line) => (JSON.parse(line) as { action: string }).action),
		["create", "remove"],
	);
});

const goldens: readonly (readonly string[])[] = [
	["hosts"],
	["network", "ls"],
	["network", "ls", "-q", "--no-trunc"],
	["ps"],
	["ps", "-a", "--no-trunc"],
	["status"],
];

for (const words of goldens) {
	const file = `${words.join("-").replace(/-+/g, "-")}.golden`;
	test(`weft ${words.join(" ")} prints testdata/${file}`, async () => {
		const { code, stdout, stderr } = await runWeft(words, { env });
		assert.deepEqual([code, stderr], [0, ""]);
		golden(new URL(`testdata/${file}`, import.meta.url), stdout);
	});
}

test("weft rm of several goes on after one that fails, and ends with 1", async () => {
	const made = await service.containers.create({
		name: "old",
		command: ["true"],
		networks: [],
		env: [],
		tty: false,
		stdin: false,
		autoRemove: false,
	});
	assert.ok(made.id);
	const { code, stdout, stderr } = await runWeft(["rm", "nobody", "old"], { env });
	assert.deepEqual([code, stdout], [1, "old\n"]);
	assert.match(stderr, /^error: Cannot find container "nobody".*\n {2}fix: {3}.*\n {2}code: {2}CONTAINER_NOT_FOUND\n$/);
});

test("weft run -d prints the id of a container that runs", async () => {
	const { code, stdout, stderr } = await runWeft(["run", "-d", "--name", "job", "--", "sleep", "1d"], { env });
	assert.deepEqual([code, stderr], [0, ""]);
	assert.equal(service.containersById.get(stdout.trim())?.state, "running");
});
