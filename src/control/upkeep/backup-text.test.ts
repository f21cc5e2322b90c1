import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sampleCluster } from "../../../test/sample-cluster.ts";
import type { Snapshot } from "../../store/store.ts";
import { backupLines, isKept, readBackup } from "./backup-text.ts";

const from = { store: "sqlite:", host: "host1", date: "2026-01-01T00:00:00.000Z" };
const textOf = (snapshot: Snapshot) => [...backupLines(snapshot, from), ""].join("\n");
const snapshot = await (await sampleCluster(11)).list("");
const text = textOf(snapshot);

test("readBackup() reads what backupLines() wrote: all but what is leased, and the tokens", () => {
	const { header, records } = readBackup(text, "a.backup");
	assert.equal(header.revision, snapshot.revision);
	assert.equal(header.count, records.length);
	assert.deepEqual(
		records,
		snapshot.entries.filter(({ key }) => isKept(key)).map(({ key, value }) => ({ key, value })),
	);
	assert.ok(!records.some(({ key }) => /^(alive|tokens)\//.test(key)));
});

test("readBackup() reads any values back", () =>
	fc.assert(
		fc.property(fc.dictionary(fc.string(), fc.string({ unit: "binary" }), { noNullPrototype: true }), (values) => {
			const entries = Object.entries(values).map(([key, value]) => ({ key: `networks/${key}`, value, revision: 1 }));
			const { records } = readBackup(textOf({ entries, revision: 1 }), "a");
			assert.deepEqual(
				records,
				entries.map(({ key, value }) => ({ key, value })),
			);
		}),
	));

test("readBackup() refuses a file that is cut anywhere", () => {
	for (let length = 0; length < text.length; length += length < 400 || length > text.length - 200 ? 1 : 97)
		assert.throws(() => readBackup(text.slice(0, length), "a"), { code: "BACKUP_DAMAGED" }, `cut at ${length}`);
});

test("readBackup() refuses a file with any character changed", () =>
	fc.assert(
		fc.property(fc.nat({ max: text.length - 2 }), fc.constantFrom("x", "\n", "0", "é"), (at, character) => {
			fc.pre(text[at] !== character);
			const changed = text.slice(0, at) + character + text.slice(at + 1);
			assert.throws(() => readBackup(changed, "a"), { code: "BACKUP_DAMAGED" });
		}),
	));

test("readBackup() says what is wrong with a file", () => {
	assert.throws(() => readBackup("hello\n", "a"), { message: "Cannot restore a: it is no backup of weft's" });
	const later = text.replace('"version":1', '"version":2');
	assert.throws(() => readBackup(later, "a"), { message: /its version is 2, this weft reads 1$/ });
	assert.throws(() => readBackup(text.slice(0, -1), "a"), { message: /it is cut/ });
});
