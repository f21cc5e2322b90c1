import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Store, StoreBatch } from "./store.ts";

export interface OpenedStore {
	readonly store: Store;
	/** A second client of the same store, where there is such a thing. */
	readonly other: Store;
	/** Forgets all changes below that revision. */
	compact(revision: number): Promise<void>;
	close(): Promise<void>;
}

/** What every store must give, said once: each store's own test calls it. The store may hold other keys; it is given back empty. */
export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
	let opened: OpenedStore;
	let store: Store;
	const title = (fact: string) => `${name}: ${fact}`;

	before(async () => {
		opened = await open();
		store = opened.store;
	});
	after(() => opened?.close());

	/** Collects what a watch yields until `enough` holds. */
	async function collect(
		prefix: string,
		from: number,
		enough: (batches: StoreBatch[]) => boolean,
		watcher = store,
	): Promise<StoreBatch[]> {
		const ended = AbortSignal.timeout(5_000);
		const done = new AbortController();
		const batches: StoreBatch[] = [];
		for await (const batch of watcher.watch(prefix, from, AbortSignal.any([ended, done.signal]))) {
			batches.push(batch);
			if (enough(batches)) done.abort();
		}
		assert.ok(!ended.aborted, `the watch of "${prefix}" yielded only ${JSON.stringify(batches)}`);
		return batches;
	}

	const keysOf = (batches: readonly StoreBatch[]) =>
		batches.flatMap(({ events }) =>
			events.map((event) => (event.type === "put" ? `+${event.entry.key}` : `-${event.key}`)),
		);

	test(title("a key that was never written is absent"), async () => {
		assert.equal(await store.get("absent/key"), undefined);
		assert.deepEqual((await store.list("absent")).entries, []);
	});

	test(title("a write is there, with its revision, for every client"), async () => {
		const revision = await store.txn([], [{ put: "one/a", value: "1" }]);
		assert.deepEqual(await opened.other.get("one/a"), { key: "one/a", value: "1", revision });
	});

	test(title("values keep every character and any length up to 100 kB"), async () => {
		const value = `é€😀"\\\u0000\n${"x".repeat(100_000)}`;
		await store.txn([], [{ put: "one/long", value }]);
		assert.equal((await store.get("one/long"))?.value, value);
	});

	test(title("a list holds the prefix and what is below it, sorted, and no neighbour"), async () => {
		const puts = ["list/a/c", "list/a", "list/ab", "list/a-b", "list/a/b/d", "list/a0", "list"].map((put) => ({
			put,
			value: "x",
		}));
		const revision = await store.txn([], puts);
		const { entries, revision: at } = await store.list("list/a");
		assert.deepEqual(
			entries.map(({ key }) => key),
			["list/a", "list/a/b/d", "list/a/c"],
		);
		assert.equal(at, revision);
	});

	test(title("a transaction whose expectation does not hold writes nothing"), async () => {
		const first = await store.txn([{ key: "cas/a", revision: 0 }], [{ put: "cas/a", value: "1" }]);
		assert.ok(first !== undefined);
		const refused = await store.txn(
			[
				{ key: "cas/a", revision: 0 },
				{ key: "cas/b", revision: 0 },
			],
			[{ put: "cas/b", value: "1" }, { delete: "cas/a" }],
		);
		assert.equal(refused, undefined);
		assert.deepEqual(
			(await store.list("cas")).entries.map(({ key }) => key),
			["cas/a"],
		);
		assert.ok((await store.txn([{ key: "cas/a", revision: first }], [{ put: "cas/a", value: "2" }])) !== undefined);
		assert.equal(await store.txn([{ key: "cas/a", revision: first }], [{ put: "cas/a", value: "3" }]), undefined);
	});

	test(title("of many that expect the same, one wins"), async () => {
		const results = await Promise.all(
			Array.from({ length: 20 }, (_, n) =>
				(n % 2 === 0 ? store : opened.other).txn([{ key: "race", revision: 0 }], [{ put: "race", value: `${n}` }]),
			),
		);
		assert.equal(results.filter((result) => result !== undefined).length, 1);
	});

	test(title("a prefix is deleted with all that is below it, and nothing beside"), async () => {
		await store.txn(
			[],
			["gone/a", "gone/a/b", "gone/ab"].map((put) => ({ put, value: "x" })),
		);
		await store.txn([], [{ deletePrefix: "gone/a" }]);
		assert.deepEqual(
			(await store.list("gone")).entries.map(({ key }) => key),
			["gone/ab"],
		);
	});

	test(title("a watch yields what was and what comes, in order, one batch a revision"), async () => {
		const first = await store.txn([], [{ put: "watch/a", value: "1" }]);
		assert.ok(first !== undefined);
		await store.txn([], [{ put: "watchful", value: "1" }]);
		await store.txn(
			[],
			[
				{ put: "watch/b", value: "1" },
				{ put: "watch/c", value: "1" },
			],
		);
		setTimeout(() => void opened.other.txn([], [{ delete: "watch/a" }]), 50);
		const batches = await collect("watch", first, (seen) => keysOf(seen).includes("-watch/a"));
		assert.deepEqual(keysOf(batches), ["+watch/a", "+watch/b", "+watch/c", "-watch/a"]);
		assert.equal(batches.length, 3);
		assert.ok(batches.every(({ revision }, i) => i === 0 || revision > (batches[i - 1]?.revision ?? 0)));
	});

	test(title("a watch from behind a list misses nothing that is written meanwhile"), async () => {
		const { revision } = await store.list("flow");
		const writing = (async () => {
			for (let n = 0; n < 100; n++) await opened.other.txn([], [{ put: `flow/${n}`, value: "x" }]);
		})();
		const batches = await collect("flow", revision + 1, (seen) => seen.length === 100);
		await writing;
		assert.deepEqual(
			keysOf(batches),
			Array.from({ length: 100 }, (_, n) => `+flow/${n}`),
		);
	});

	test(title("a watch ends when it is told to"), async () => {
		const ended = new AbortController();
		setTimeout(() => ended.abort(), 50);
		for await (const batch of store.watch("quiet", (await store.list("quiet")).revision + 1, ended.signal))
			assert.fail(JSON.stringify(batch));
	});

	test(title("a watch from a revision that is no longer held says so"), async () => {
		const first = await store.txn([], [{ put: "old/a", value: "1" }]);
		const second = await store.txn([], [{ put: "old/a", value: "2" }]);
		assert.ok(first !== undefined && second !== undefined);
		await opened.compact(second);
		await assert.rejects(
			collect("old", first, () => true),
			{ code: "STORE_CURSOR_LOST" },
		);
	});

	test(title("what is put under a lease goes when it is revoked"), async () => {
		const lease = await store.lease(5);
		const revision = await store.txn([], [{ put: "lease/a", value: "1", lease: lease.id }]);
		assert.ok(revision !== undefined);
		await lease.revoke();
		assert.equal(await opened.other.get("lease/a"), undefined);
		assert.deepEqual(keysOf(await collect("lease", revision + 1, () => true)), ["-lease/a"]);
	});

	test(title("a lease is kept alive beyond its time"), async () => {
		const lease = await store.lease(1);
		await store.txn([], [{ put: "lease/kept", value: "1", lease: lease.id }]);
		await new Promise((resolve) => setTimeout(resolve, 2_500));
		assert.ok(!lease.lost.aborted);
		assert.ok((await store.get("lease/kept")) !== undefined);
		await lease.revoke();
	});

	test(title("a hundred writes are one transaction"), async () => {
		const writes = Array.from({ length: 100 }, (_, n) => ({ put: `many/${n}`, value: "x" }));
		assert.ok((await store.txn([], writes)) !== undefined);
		assert.equal((await store.list("many")).entries.length, 100);
	});
}
