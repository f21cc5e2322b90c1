import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TestConsul } from "../../test/consul.ts";
import { TestEtcd } from "../../test/etcd.ts";
import type { ServerProcess } from "../../test/server-process.ts";
import { openConsulStore } from "./consul.ts";
import { openEtcdStore } from "./etcd.ts";
import { mayHaveHappened, type Store } from "./store.ts";

interface Cluster {
	readonly servers: readonly ServerProcess[];
	readonly open: () => Store;
	ready(): Promise<void>;
	close(): Promise<void>;
}

const clusters: Readonly<Record<string, () => Promise<Cluster>>> = {
	async etcd() {
		const etcd = await TestEtcd.start({ members: 3 });
		const open = () => openEtcdStore("etcd://test", etcd.urls);
		return { servers: etcd.members, open, ready: () => etcd.ready(), close: () => etcd.close() };
	},
	async consul() {
		const consul = await TestConsul.start({ servers: 3 });
		const open = () => openConsulStore("consul://test", consul.urls);
		return { servers: consul.servers, open, ready: () => consul.ready(), close: () => consul.close() };
	},
};

/** Writes one key after the other, each until it is there. */
class Writer {
	written = 0;
	readonly #ended = new AbortController();
	readonly #done: Promise<void>;

	constructor(store: Store) {
		this.#done = this.#run(store);
	}

	async #run(store: Store): Promise<void> {
		while (!this.#ended.signal.aborted) {
			const key = `k/${this.written}`;
			for (let there = false; !there; )
				try {
					there = (await store.txn([{ key, revision: 0 }], [{ put: key, value: "1" }])) !== undefined;
					// It was written by the try before, whose answer was lost.
					there ||= (await store.get(key)) !== undefined;
				} catch (error) {
					assert.ok(mayHaveHappened(error), String(error));
					await sleep(50);
				}
			this.written++;
			await sleep(5);
		}
	}

	async end(): Promise<void> {
		this.#ended.abort();
		await this.#done;
	}
}

for (const [name, start] of Object.entries(clusters))
	test(`${name} of three whose servers die and freeze in turn: a watch misses nothing, writes and a lease go on`, async (t) => {
		const cluster = await start();
		t.after(() => cluster.close());
		const [watcher, other] = [cluster.open(), cluster.open()];
		const ended = new AbortController();
		const seen: string[] = [];
		const lease = await watcher.lease(10);
		const watching = (async () => {
			for await (const { events } of watcher.watch("k", { entries: [], revision: 1 }, ended.signal))
				for (const event of events) seen.push(event.type === "put" ? event.entry.key : "deleted");
		})();
		const writer = new Writer(other);
		/** Waits until what was written after now was seen. A write that etcd lost with its leader takes 5 s to fail. */
		const goesOn = async (what: string) => {
			const enough = writer.written + 20;
			for (const deadline = performance.now() + 15_000; seen.length < enough; await sleep(20))
				assert.ok(performance.now() < deadline, `${what}: ${seen.length} of ${enough} were seen`);
		};
		for (const [n, server] of cluster.servers.entries()) {
			await goesOn(`before ${n} dies`);
			await server.kill();
			await goesOn(`without ${n}`);
			server.start();
			await cluster.ready();
		}
		const [first] = cluster.servers;
		first?.signal("SIGSTOP");
		await goesOn("while the first is frozen");
		first?.signal("SIGCONT");
		await writer.end();
		const wanted = Array.from({ length: writer.written }, (_, n) => `k/${n}`);
		for (const deadline = performance.now() + 5_000; seen.length < wanted.length; await sleep(20))
			assert.ok(performance.now() < deadline, `${seen.length} of ${wanted.length} were seen`);
		ended.abort();
		await watching;
		assert.deepEqual(seen, wanted);
		assert.equal(lease.lost.aborted, false);
		await Promise.all([watcher.close(), other.close()]);
	});
