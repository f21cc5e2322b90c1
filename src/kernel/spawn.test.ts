import assert from "node:assert/strict";
import { closeSync, existsSync, readlinkSync } from "node:fs";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { pipe } from "./libc/process.ts";
import { type Ended, spawnProgram } from "./spawn.ts";

async function textOf(stream: Readable | undefined): Promise<string> {
	let text = "";
	for await (const chunk of stream ?? []) text += String(chunk);
	return text;
}

async function run(
	script: string,
	outputs: readonly number[] = [1, 2],
): Promise<{ said: string[]; how: Ended; pid: number }> {
	const spawned = spawnProgram("/bin/sh", ["-c", script], { env: { PATH: "/usr/bin:/bin", LEFT: undefined }, outputs });
	const said = await Promise.all(spawned.outputs.map(textOf));
	return { said, how: await spawned.ended, pid: spawned.pid };
}

test("spawnProgram() reads each descriptor, and tells the exit code", async () => {
	const { said, how } = await run("echo out; echo err >&2; echo sync >&3; exit 7", [1, 2, 3]);
	assert.deepEqual(said, ["out\n", "err\n", "sync\n"]);
	assert.deepEqual(how, { code: 7 });
});

test("spawnProgram() tells the signal that killed it, and leaves no zombie", async () => {
	const { how, pid } = await run("kill -9 $$");
	assert.deepEqual(how, { signal: 9 });
	assert.ok(!existsSync(`/proc/${pid}`));
});

test("spawnProgram() gives stdin from /dev/null, the environment, / and a session", async () => {
	const { said, pid } = await run('cat; env | sort | grep -v "^_\\|^OLDPWD"; pwd; cut -d" " -f6 /proc/$$/stat');
	assert.equal(said[0], `PATH=/usr/bin:/bin\nPWD=/\n/\n${pid}\n`);
});

test("spawnProgram() passes on no ignored and no blocked signal, and no descriptor of this process", async () => {
	// Node ignores SIGPIPE for itself.
	const { said } = await run("grep -E 'Sig(Ign|Blk)' /proc/self/status");
	assert.match(said[0] ?? "", /^SigBlk:\t0+\nSigIgn:\t0+\n$/);
	const [from, to] = pipe();
	const own = readlinkSync(`/proc/self/fd/${from}`);
	const { said: fds } = await run("ls -l /proc/self/fd/");
	assert.match(fds[0] ?? "", /0 -> \/dev\/null/);
	assert.ok(!fds[0]?.includes(own), fds[0]);
	for (const fd of [from, to]) closeSync(fd);
});

test("spawnProgram() passes 1 MB on, and starts a hundred at once", async () => {
	const { said } = await run("head -c 1000000 /dev/zero");
	assert.equal(said[0]?.length, 1_000_000);
	const all = await Promise.all(Array.from({ length: 100 }, (_, n) => run(`echo ${n}; exit ${n}`)));
	assert.deepEqual(
		all.map(({ said, how }) => [said[0], how.code]),
		Array.from({ length: 100 }, (_, n) => [`${n}\n`, n]),
	);
});

test("spawnProgram() throws for a program that is not there", () => {
	assert.throws(() => spawnProgram("/no/such", [], { env: {}, outputs: [1] }), { code: "ENOENT" });
});
