import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "../store/sqlite.ts";
import { LocalCopy } from "./local-copy.ts";

const wanted = new AbortController().signal;

test("LocalCopy.replace() forgets what went while nobody looked, and writes nothing that it has", async () => {
	const local = openMemoryStore();
	const copy = new LocalCopy(local, assert.ifError);
	const [a, b, c] = ["a", "b", "c"].map((name) => ({ key: `endpoints/1/${name}`, value: name }));
	assert.ok(a && b && c);
	await copy.replace("endpoints/1", [a, b], wanted);
	copy.put("endpoints/2/z", "z");
	await copy.flush();
	const { revision } = await local.list("");
	await copy.replace("endpoints/1", [a, b], wanted);
	await copy.flush();
	assert.equal((await local.list("")).revision, revision);
	await copy.replace("endpoints/1", [{ ...a, value: "A" }, c], wanted);
	await copy.flush();
	assert.deepEqual(await copy.list("endpoints/1"), [{ ...a, value: "A" }, c]);
	assert.deepEqual(await copy.list("endpoints/2"), [{ key: "endpoints/2/z", value: "z" }]);
});

test("LocalCopy.replace() writes nothing for a network that was left meanwhile", async () => {
	const copy = new LocalCopy(openMemoryStore(), assert.ifError);
	const left = new AbortController();
	const replaced = copy.replace("endpoints/1", [{ key: "endpoints/1/a", value: "a" }], left.signal);
	left.abort();
	await replaced;
	await copy.flush();
	assert.deepEqual(await copy.list("endpoints/1"), []);
});

test("LocalCopy takes what could not be written along with the next change", async () => {
	const local = openMemoryStore();
	const errors: unknown[] = [];
	let full = true;
	const txn: typeof local.txn = (...args) => (full ? Promise.reject(new Error("full")) : local.txn(...args));
	const copy = new LocalCopy({ ...local, list: (prefix) => local.list(prefix), txn }, (error) => errors.push(error));
	copy.put("hosts/1", "old");
	await copy.flush();
	assert.equal(errors.length, 1);
	full = false;
	copy.put("hosts/2", "new");
	await copy.flush();
	assert.deepEqual(await copy.list("hosts"), [
		{ key: "hosts/1", value: "old" },
		{ key: "hosts/2", value: "new" },
	]);
});
