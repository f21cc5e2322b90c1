import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Picture, type PictureChange } from "../dns/picture.ts";
import { ipv4FromNumber } from "../model/address.ts";
import { PictureFile } from "./picture-file.ts";

const folder = mkdtempSync(join(tmpdir(), "weft-picture-"));
after(() => rmSync(folder, { recursive: true }));

function open(path: string): PictureFile {
	return new PictureFile(path, (error) => {
		throw error;
	});
}

function endpoint(n: number, name = `c${n}`): PictureChange {
	return {
		endpoint: `e${n}`,
		in: "n1",
		value: { name, aliases: [], address: ipv4FromNumber(0x0a000000 + n), local: false },
	};
}

function pictureOf(changes: Iterable<PictureChange>): Picture {
	const picture = new Picture();
	for (const change of changes) picture.apply(change);
	return picture;
}

const sorted = (picture: Picture) => new Set([...picture.changes()].map((change) => JSON.stringify(change)));

test("PictureFile gives back a picture that changed while it was written", async () => {
	const path = join(folder, "changing");
	const file = open(path);
	const picture = pictureOf(Array.from({ length: 5_000 }, (_, n) => endpoint(n)));
	const all = () => picture.changes();
	file.rewrite(all());
	for (let n = 0; n < 100; n++) {
		const changes: PictureChange[] = [
			endpoint(n * 50, "moved"),
			{ endpoint: `e${n * 50 + 1}`, in: "n1" },
			endpoint(6_000 + n),
		];
		for (const change of changes) picture.apply(change);
		file.append(changes, all);
		if (n % 10 === 0) await sleep(1);
	}
	file.finish();
	assert.deepEqual(sorted(pictureOf(open(path).read())), sorted(picture));
});

test("PictureFile writes the last of two whole pictures", () => {
	const path = join(folder, "twice");
	const file = open(path);
	file.rewrite(Array.from({ length: 2_000 }, (_, n) => endpoint(n)));
	file.rewrite([endpoint(7)]);
	file.finish();
	assert.deepEqual(open(path).read(), [endpoint(7)]);
});

test("PictureFile does not grow with changes that undo each other", () => {
	const path = join(folder, "growing");
	const file = open(path);
	file.rewrite([endpoint(1)]);
	for (let n = 0; n < 5_000; n++) file.append([endpoint(1, `c${n}`)], () => [endpoint(1, `c${n}`)]);
	file.finish();
	assert.ok(statSync(path).size < 100_000, `${statSync(path).size} bytes`);
	assert.deepEqual(sorted(pictureOf(open(path).read())), sorted(pictureOf([endpoint(1, "c4999")])));
});

test("PictureFile reads what stands before a line that was cut", () => {
	const path = join(folder, "cut");
	const file = open(path);
	file.rewrite([endpoint(1)]);
	appendFileSync(path, '[{"endpoint":"e2","in":');
	assert.deepEqual(open(path).read(), [endpoint(1)]);
	assert.deepEqual(open(join(folder, "none")).read(), []);
});

test("PictureFile tells what it cannot write, and goes on", () => {
	const path = join(folder, "no such folder", "picture");
	const errors: unknown[] = [];
	const file = new PictureFile(path, (error) => errors.push(error));
	file.rewrite([endpoint(1)]);
	file.append([endpoint(2)], () => []);
	file.finish();
	assert.equal(errors.length, 2);
});

const wrong: readonly string[] = [
	"",
	"{",
	"null",
	"7",
	"{}",
	"[null]",
	"[[]]",
	'[{"network":"n","value":{"name":7,"subnet":"10.0.0.0/24"}}]',
	'[{"network":"n","value":{"name":"n","subnet":"10.0.0.0"}}]',
	'[{"endpoint":"e9","in":"n1","value":{"name":"c","aliases":"","address":"10.0.0.9","local":false}}]',
	'[{"endpoint":"e9","in":"n1","value":{"name":"c","aliases":[],"address":"10.0.0.999","local":false}}]',
	'[{"endpoint":"e9","value":null}]',
	'[{"sandbox":"s","value":{"netns":"s","networks":[7]}}]',
	"\0\0\0\0",
];
for (const line of wrong)
	test(`PictureFile.read() stops at a line of ${JSON.stringify(line)}, says so, and gives what stands before it`, () => {
		const path = join(folder, "wrong");
		const told: unknown[] = [];
		writeFileSync(path, `${JSON.stringify([endpoint(1)])}\n${line}\n${JSON.stringify([endpoint(2)])}\n`);
		const changes = new PictureFile(path, (error) => told.push(error)).read();
		assert.deepEqual(changes, [endpoint(1)]);
		assert.equal(told.length, 1);
		assert.match(String(told[0]), /wrong cannot be read from line 2 on/);
	});
