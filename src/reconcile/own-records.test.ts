import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleEndpoint, sampleHost, sampleNetwork, sampleSandbox } from "../../test/samples.ts";
import type { Sandbox } from "../model/endpoint.ts";
import { keys, localKeys } from "../model/keys.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { LocalCopy } from "./local-copy.ts";
import { OwnRecords } from "./own-records.ts";
import { View } from "./view.ts";

const [blue, red, host1] = [sampleNetwork(0), sampleNetwork(1), sampleHost(1)];
const mine = sampleEndpoint(blue, 2, host1);
const [theirs, inRed] = [
	{ ...sampleEndpoint(blue, 3, sampleHost(2)), sandboxId: mine.sandboxId },
	sampleEndpoint(red, 2, host1),
];

async function put(store: Store, records: Readonly<Record<string, unknown>>): Promise<void> {
	const writes = Object.entries(records).map(([key, record]) =>
		record === undefined ? { delete: key } : { put: key, value: JSON.stringify(record) },
	);
	await store.txn([], writes);
	// Watches deliver: everything is in this process.
	await new Promise((resolve) => setTimeout(resolve, 20));
}

const noteOf = (sandbox: Sandbox) => ({ [localKeys.sandbox(sandbox.id)]: sandbox });

async function boot(store: Store, local: Store) {
	const own = new OwnRecords(new LocalCopy(local, localKeys.own, assert.ifError), host1.id);
	const view: View = new View({
		store,
		local,
		copy: new LocalCopy(local, localKeys.copy, assert.ifError),
		onChange: (change) => own.note(view, change),
		onBatch: () => {},
		onRestored: () => {},
		onDamaged: assert.ifError,
	});
	await view.ready();
	await own.load(view);
	return { own, view };
}

test("OwnRecords keeps what the store had of this host's endpoints for as long as they are attached", async () => {
	const [store, local] = [openMemoryStore(), openMemoryStore()];
	const { own, view } = await boot(store, local);
	await put(local, noteOf(sampleSandbox(2, [blue])));
	assert.equal(own.endpoint(blue.id, mine.id), undefined, "one that was never in the store");
	await put(store, {
		[keys.network(blue.id)]: blue,
		[keys.endpoint(blue.id, mine.id)]: mine,
		[keys.endpoint(blue.id, theirs.id)]: theirs,
	});
	await put(store, { [keys.network(blue.id)]: undefined, [keys.endpoint(blue.id, mine.id)]: undefined });
	assert.equal(view.network(blue.id), undefined);
	assert.deepEqual([own.endpoint(blue.id, mine.id), own.network(blue.id)], [mine, blue]);
	assert.equal(own.endpoint(blue.id, theirs.id), undefined, "one of another host");
	await put(local, noteOf(sampleSandbox(2, [])));
	assert.deepEqual([own.endpoint(blue.id, mine.id), own.network(blue.id)], [undefined, undefined]);
	view.close();
});

test("OwnRecords is there again after a start, without what is attached no more, and writes nothing anew", async () => {
	const [store, local] = [openMemoryStore(), openMemoryStore()];
	const first = await boot(store, local);
	await put(local, noteOf(sampleSandbox(2, [blue, red])));
	await put(store, {
		[keys.network(blue.id)]: blue,
		[keys.network(red.id)]: red,
		[keys.endpoint(blue.id, mine.id)]: mine,
		[keys.endpoint(red.id, inRed.id)]: inRed,
	});
	await first.own.close();
	first.view.close();

	const second = await boot(store, local);
	const { entries } = await local.list(localKeys.own);
	await second.own.close();
	assert.equal(entries.length, 4);
	assert.deepEqual((await local.list(localKeys.own)).entries, entries);
	second.view.close();

	await put(local, noteOf(sampleSandbox(2, [blue])));
	const third = await boot(openMemoryStore(), local);
	assert.deepEqual([third.own.endpoint(blue.id, mine.id), third.own.network(blue.id)], [mine, blue]);
	assert.deepEqual([third.own.endpoint(red.id, inRed.id), third.own.network(red.id)], [undefined, undefined]);
	await third.own.close();
	assert.equal((await local.list(localKeys.own)).entries.length, 2);
	third.view.close();
});
