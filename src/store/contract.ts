import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { maxOperations, type Snapshot, type Store, type StoreBatch, type StoreEvent } from "./store.ts";

export interface OpenedStore {
	readonly store: Store;
	/** A second client of the same store, where there is such a thing. */
	readonly other: Store;
	/** Forgets all changes below that revision; omitted where the store keeps none, and tells the difference to any snapshot. */
	compact?(revision: number): Promise<void>;
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
		since: Snapshot,
		enough: (batches: StoreBatch[]) => boolean,
		watcher = store,
	): Promise<StoreBatch[]> {
		const ended = AbortSignal.timeout(5_000);
		const done = new AbortController();
		const batches: StoreBatch[] = [];
		for await (const batch of watcher.watch(prefix, since, AbortSignal.any([ended, done.signal]))) {
			batches.push(batch);
			if (enough(batches)) done.abort();
		}
		assert.ok(!ended.aborted, `the watch of "${prefix}" yielded only ${JSON.stringify(batches)}`);
		return batches;
	}

	const revisionOf = (event: StoreEvent) => (event.type === "put" ? event.entry.revision : event.revision);
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

	test(title("a key that is put to what it is has a new revision, which a watch tells"), async () => {
		const put = { put: "same/a", value: "" };
		const first = await store.txn([], [put]);
		const since = await store.list("same");
		const second = await store.txn([], [put]);
		assert.ok(first !== undefined && second !== undefined && second > first);
		assert.equal(await store.txn([{ key: "same/a", revision: first }], [put]), undefined);
		assert.deepEqual(keysOf(await collect("same", since, () => true)), ["+same/a"]);
	});

	test(title("a transaction sees the store as it was before its own writes"), async () => {
		const first = await store.txn([], [{ put: "swap/a", value: "1" }]);
		const expect = [
			{ key: "swap/a", revision: first ?? 0 },
			{ key: "swap/b", revision: 0 },
		];
		const second = await store.txn(expect, [{ put: "swap/b", value: "2" }, { delete: "swap/a" }]);
		assert.ok(second !== undefined && second > (first ?? 0));
		assert.deepEqual((await store.list("swap")).entries, [{ key: "swap/b", value: "2", revision: second }]);
	});

	test(title("what deletes has a revision, and so has what writes nothing"), async () => {
		const first = await store.txn([], [{ put: "revision/a", value: "1" }]);
		const deleted = await store.txn([], [{ delete: "revision/a" }]);
		assert.ok(first !== undefined && deleted !== undefined && deleted > first);
		assert.ok(((await store.txn([{ key: "revision/a", revision: 0 }], [])) ?? 0) > 0);
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

	test(title("a watch yields what was and what comes, in order"), async () => {
		const since = await store.list("watch");
		await store.txn([], [{ put: "watch/a", value: "1" }]);
		await store.txn([], [{ put: "watchful", value: "1" }]);
		await store.txn(
			[],
			[
				{ put: "watch/b", value: "1" },
				{ put: "watch/c", value: "1" },
			],
		);
		setTimeout(() => void opened.other.txn([], [{ delete: "watch/a" }]), 300);
		const batches = await collect("watch", since, (seen) => keysOf(seen).includes("-watch/a"));
		assert.deepEqual(keysOf(batches), ["+watch/a", "+watch/b", "+watch/c", "-watch/a"]);
		assert.ok(batches.every(({ revision }, i) => i === 0 || revision > (batches[i - 1]?.revision ?? 0)));
		assert.ok(batches.every(({ revision, events }) => events.every((event) => revisionOf(event) <= revision)));
	});

	test(
		title("a watch tells all of a transaction at once, and nothing of a key that is as it was in the snapshot"),
		async () => {
			const keys = Array.from({ length: 20 }, (_, n) => `whole/${n}`);
			await store.txn([], [{ put: "whole/still", value: "1" }]);
			const since = await store.list("whole");
			const writing = (async () => {
				for (let n = 0; n < 20; n++)
					await opened.other.txn(
						[],
						keys.map((put) => ({ put, value: `${n}` })),
					);
			})();
			const seen = new Map<string, string>();
			await collect("whole", since, (batches) => {
				for (const event of batches.at(-1)?.events ?? [])
					if (event.type === "put") seen.set(event.entry.key, event.entry.value);
				assert.equal(seen.size, keys.length);
				assert.equal(new Set(seen.values()).size, 1, `half of a transaction: ${[...seen.values()].join(" ")}`);
				return seen.get("whole/0") === "19";
			});
			await writing;
		},
	);

	test(title("a watch since a list misses nothing that is written meanwhile"), async () => {
		const since = await store.list("flow");
		const writing = (async () => {
			for (let n = 0; n < 100; n++) await opened.other.txn([], [{ put: `flow/${n}`, value: "x" }]);
		})();
		const batches = await collect("flow", since, (seen) => keysOf(seen).length === 100);
		await writing;
		assert.deepEqual(
			keysOf(batches),
			Array.from({ length: 100 }, (_, n) => `+flow/${n}`),
		);
	});

	test(title("a watch ends when it is told to"), async () => {
		const ended = new AbortController();
		setTimeout(() => ended.abort(), 50);
		for await (const batch of store.watch("quiet", await store.list("quiet"), ended.signal))
			assert.fail(JSON.stringify(batch));
	});

	test(title("a watch since a snapshot that is too old says so, or tells the difference"), async () => {
		const since = await store.list("old");
		await store.txn([], [{ put: "old/a", value: "1" }]);
		const second = await store.txn([], [{ put: "old/a", value: "2" }]);
		assert.ok(second !== undefined);
		await opened.compact?.(second);
		const told = collect("old", since, () => true);
		if (opened.compact === undefined) assert.deepEqual(keysOf(await told), ["+old/a"]);
		else await assert.rejects(told, { code: "STORE_CURSOR_LOST" });
	});

	test(title("a watch since a snapshot that a restored store is behind says so, or tells the difference"), async () => {
		await store.txn([], [{ put: "restored/a", value: "1" }]);
		const { entries, revision } = await store.list("restored");
		const lost = { key: "restored/lost", value: "1", revision: revision + 1_000 };
		const told = collect("restored", { entries: [...entries, lost], revision: lost.revision }, () => true);
		if (opened.compact === undefined) assert.deepEqual(keysOf(await told), ["-restored/lost"]);
		else await assert.rejects(told, { code: "STORE_CURSOR_LOST" });
	});

	test(title("what is put under a lease goes when it is revoked"), async () => {
		const lease = await store.lease(5);
		await store.txn([], [{ put: "lease/a", value: "1", lease: lease.id }]);
		const since = await store.list("lease");
		await lease.revoke();
		assert.equal(await opened.other.get("lease/a"), undefined);
		assert.deepEqual(keysOf(await collect("lease", since, () => true)), ["-lease/a"]);
		await lease.revoke();
	});

	test(title("a key under a lease is taken over by another, and stays when the former ends"), async () => {
		const [former, lease] = [await opened.other.lease(5), await store.lease(5)];
		const put = { put: "lease/over", value: "1" };
		await opened.other.txn([], [{ ...put, lease: former.id }]);
		const revision = await store.txn([], [{ ...put, value: "2", lease: lease.id }]);
		await former.revoke();
		assert.deepEqual(await store.get("lease/over"), { key: "lease/over", value: "2", revision });
		await lease.revoke();
		assert.equal(await store.get("lease/over"), undefined);
	});

	test(title("a put under a lease that has ended says so, and writes nothing"), async () => {
		const lease = await store.lease(5);
		await lease.revoke();
		const writes = [
			{ put: "lease/late", value: "1" },
			{ put: "lease/leased", value: "1", lease: lease.id },
		];
		await assert.rejects(store.txn([], writes), { code: "STORE_CONFLICT" });
		assert.deepEqual((await store.list("lease")).entries, []);
	});

	test(title("what is put again without its lease stays when that ends"), async () => {
		const lease = await store.lease(5);
		const revision = await store.txn([], [{ put: "lease/stays", value: "1", lease: lease.id }]);
		assert.ok(revision !== undefined);
		await store.txn([{ key: "lease/stays", revision }], [{ put: "lease/stays", value: "2" }]);
		await lease.revoke();
		assert.equal((await opened.other.get("lease/stays"))?.value, "2");
	});

	test(title("a lease is kept alive beyond its time"), async () => {
		const lease = await store.lease(1);
		await store.txn([], [{ put: "lease/kept", value: "1", lease: lease.id }]);
		await new Promise((resolve) => setTimeout(resolve, 2_500));
		assert.ok(!lease.lost.aborted);
		assert.ok((await store.get("lease/kept")) !== undefined);
		await lease.revoke();
	});

	test(title("a transaction has as many operations as are promised, and no more"), async () => {
		const writes = Array.from({ length: maxOperations }, (_, n) => ({ put: `many/${n}`, value: "x".repeat(3_000) }));
		assert.ok((await store.txn([], writes)) !== undefined);
		assert.equal((await store.list("many")).entries.length, maxOperations);
		const prefixes = Array.from({ length: maxOperations / 2 }, (_, n) => ({ deletePrefix: `many/${n}` }));
		assert.ok((await store.txn([], prefixes)) !== undefined);
		assert.equal((await store.list("many")).entries.length, maxOperations / 2);
		await assert.rejects(store.txn([{ key: "many", revision: 0 }], writes), RangeError);
	});
}
