import assert from "node:assert/strict";
import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { after, test } from "node:test";
import type { LogLineView } from "../model/view.ts";
import { followLog, readLog } from "./logs.ts";

const folder = mkdtempSync(join(tmpdir(), "weft-logs-"));
after(() => rmSync(folder, { recursive: true }));

const path = join(folder, "log");
const time = "2026-11-25T03:00:00.000000000+00:00";

function logLine(stream: "stdout" | "stderr", tag: "F" | "P", text: string | Buffer): Buffer {
	return Buffer.concat([Buffer.from(`${time} ${stream} ${tag} `), Buffer.from(text), Buffer.from("\n")]);
}

async function all(lines: AsyncIterable<LogLineView>): Promise<LogLineView[]> {
	const found: LogLineView[] = [];
	for await (const line of lines) found.push(line);
	return found;
}

const texts = async (lines: AsyncIterable<LogLineView>) =>
	(await all(lines)).map(({ text, partial }) => `${text}${partial ? "…" : ""}`);

test("readLog() yields stream, time and text of each line, and passes over what is none", async () => {
	writeFileSync(
		path,
		Buffer.concat([logLine("stdout", "F", "one"), Buffer.from("junk\n"), logLine("stderr", "F", "")]),
	);
	assert.deepEqual(await all(readLog(path)), [
		{ time, stream: "stdout", text: "one", partial: false },
		{ time, stream: "stderr", text: "", partial: false },
	]);
	assert.deepEqual(await all(readLog(join(folder, "none"))), []);
});

test("readLog() puts a character together that was cut between two parts of a line", async () => {
	const word = Buffer.from("größer €");
	const parts = [...word].map((byte) => logLine("stdout", "P", Buffer.from([byte])));
	writeFileSync(path, Buffer.concat([...parts, logLine("stderr", "F", "between"), logLine("stdout", "F", "!")]));
	const lines = await all(readLog(path));
	const stdout = lines.filter(({ stream }) => stream === "stdout");
	assert.equal(stdout.map(({ text }) => text).join(""), "größer €!");
});

test("readLog() with a tail gives whole lines from the end, those in parts as one", async () => {
	const lines = [
		logLine("stdout", "F", "first"),
		logLine("stdout", "P", "a"),
		logLine("stdout", "P", "b"),
		logLine("stdout", "F", "c"),
		logLine("stdout", "F", "last"),
	];
	writeFileSync(path, Buffer.concat(lines));
	assert.deepEqual(await texts(readLog(path, 0)), []);
	assert.deepEqual(await texts(readLog(path, 1)), ["last"]);
	assert.deepEqual(await texts(readLog(path, 2)), ["a…", "b…", "c", "last"]);
	assert.deepEqual(await texts(readLog(path, 3)), ["first", "a…", "b…", "c", "last"]);
	assert.deepEqual(await texts(readLog(path, 99)), ["first", "a…", "b…", "c", "last"]);
	appendFileSync(path, logLine("stdout", "P", "unfinished"));
	assert.deepEqual(await texts(readLog(path, 1)), ["unfinished…"]);
	assert.deepEqual(await texts(readLog(path, 2)), ["last", "unfinished…"]);
});

test("readLog() finds the same tail as a reader of the whole, whatever the blocks cut", async () => {
	let seed = 7;
	const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
	const lines = Array.from({ length: 400 }, (_, n) =>
		logLine("stdout", random(4) === 0 ? "P" : "F", `${n}${"x".repeat(random(3) === 0 ? random(8_000) : random(40))}`),
	);
	writeFileSync(path, Buffer.concat(lines));
	const whole = await all(readLog(path));
	for (const tail of [1, 2, 7, 50, 150, 299]) {
		let [count, from] = [whole.at(-1)?.partial === true ? 1 : 0, whole.length];
		for (; from > 0; from--) {
			if (whole[from - 1]?.partial === true) continue;
			if (count === tail) break;
			count++;
		}
		assert.deepEqual(await all(readLog(path, tail)), whole.slice(from), `tail ${tail}`);
	}
});

test("readLog() of a long log takes little memory, and lets others have their turn", async () => {
	const file = openSync(path, "w");
	const block = Buffer.concat(Array.from({ length: 200 }, () => logLine("stdout", "F", "x".repeat(5_000))));
	for (let n = 0; n < 200; n++) writeSync(file, block);
	closeSync(file);
	assert.ok(statSync(path).size > 200_000_000);
	const before = process.memoryUsage().rss;
	let [count, most] = [0, 0];
	const delay = monitorEventLoopDelay({ resolution: 1 });
	delay.enable();
	assert.equal((await all(readLog(path, 3))).length, 3);
	for await (const { text } of readLog(path)) {
		assert.equal(text.length, 5_000);
		if (++count % 1_000 === 0) most = Math.max(most, process.memoryUsage().rss - before);
	}
	delay.disable();
	rmSync(path);
	assert.equal(count, 40_000);
	assert.ok(most < 100_000_000, `${most} bytes`);
	assert.ok(delay.percentile(99) < 20e6, `99% of the turns came within ${delay.percentile(99) / 1e6} ms`);
});

test("followLog() yields what is there and what comes, until the end was read", async () => {
	writeFileSync(path, logLine("stdout", "F", "before"));
	let over = false;
	const found: string[] = [];
	const reading = (async () => {
		for await (const { text } of followLog(path, { tail: 1, ended: () => over, signal: new AbortController().signal }))
			found.push(text);
	})();
	await until(() => found.length === 1);
	const late = logLine("stdout", "F", "in two writes");
	appendFileSync(path, late.subarray(0, 50));
	await new Promise((resolve) => setTimeout(resolve, 30));
	assert.deepEqual(found, ["before"]);
	appendFileSync(path, late.subarray(50));
	await until(() => found.length === 2);
	appendFileSync(path, logLine("stdout", "F", "last"));
	over = true;
	await reading;
	assert.deepEqual(found, ["before", "in two writes", "last"]);
});

test("followLog() waits for a log that is not there yet, and lets go when nobody listens any more", async () => {
	const later = join(folder, "later");
	const ending = new AbortController();
	const reading = texts(followLog(later, { ended: () => false, signal: ending.signal }));
	await new Promise((resolve) => setTimeout(resolve, 20));
	writeFileSync(later, logLine("stdout", "F", "there"));
	setTimeout(() => ending.abort(), 300);
	assert.deepEqual(await reading, ["there"]);
});

async function until(condition: () => boolean): Promise<void> {
	const deadline = performance.now() + 5_000;
	while (!condition()) {
		assert.ok(performance.now() < deadline, "not within 5 s");
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
