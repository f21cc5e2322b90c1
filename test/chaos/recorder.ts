import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Snapshot, StoreBatch } from "../../src/store/store.ts";
import type { Cluster } from "./cluster.ts";
import { History } from "./history.ts";

const script = new URL("record.ts", import.meta.url).pathname;

/** Follows the store of a cluster from its own host, while anything may happen to the others. */
export class Recorder {
	readonly history = new History();
	readonly #child: ChildProcess;

	private constructor(child: ChildProcess) {
		this.#child = child;
		assert.ok(child.stdout);
		createInterface({ input: child.stdout }).on("line", (line) => {
			const { snapshot, batch } = JSON.parse(line) as { snapshot?: Snapshot; batch?: StoreBatch };
			if (snapshot !== undefined) this.history.begin(snapshot);
			if (batch !== undefined) this.history.take(batch);
		});
	}

	static async start({ test }: Cluster): Promise<Recorder> {
		const child = test.lab.spawn("host1", [process.execPath, script], ["ignore", "pipe", "inherit"]);
		const recorder = new Recorder(child);
		assert.ok(child.stdout);
		await once(child.stdout, "data");
		return recorder;
	}

	/** @throws When a promise was broken, at any revision until now. */
	check(): void {
		assert.equal(this.#child.exitCode, null, "the recorder has ended");
		assert.deepEqual(this.history.faults.slice(0, 5), []);
	}

	stop(): void {
		this.#child.kill();
	}
}
