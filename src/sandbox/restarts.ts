import { writeWhole } from "../lib/whole-file.ts";
import { noRecord, type RestartPolicy, type RestartRecord, restarts } from "../model/restart.ts";
import { jsonOf, recordFault } from "./container-file.ts";

/** Whether a container may begin again by itself: its policy, and what has become of it, which is kept on the disk. */
export class Restarts {
	readonly policy: RestartPolicy;
	readonly #path: string;
	#record: RestartRecord;
	/** One write after the other: the last one holds all. */
	#written: Promise<void> = Promise.resolve();

	constructor(policy: RestartPolicy, path: string, record: RestartRecord = noRecord) {
		this.policy = policy;
		this.#path = path;
		this.#record = record;
	}

	/** Reads what was noted, for an agent that starts anew: under `always` a stop holds until then, as Docker has it. */
	static async read(policy: RestartPolicy, path: string): Promise<Restarts> {
		const record = await readRecord(path);
		return new Restarts(policy, path, policy.name === "always" ? { ...record, stopped: false } : record);
	}

	get count(): number {
		return this.#record.count;
	}

	/** Whether one that ended with this code begins again. */
	after(exitCode: number): boolean {
		return restarts(this.policy, this.#record, exitCode);
	}

	/** Whether one that waits for its command was on its way to begin again, when an agent was killed. */
	get interrupted(): boolean {
		const { begun, stopped } = this.#record;
		return this.policy.name !== "no" && begun && !stopped;
	}

	/** Somebody starts it. */
	noteStart(): Promise<void> {
		return this.#note({ count: 0, stopped: false, begun: true });
	}

	/** It begins again by itself. */
	noteRestart(): Promise<void> {
		return this.#note({ ...this.#record, count: this.count + 1 });
	}

	/** Somebody stops it. */
	noteStop(): Promise<void> {
		return this.#note({ ...this.#record, stopped: true });
	}

	async #note(record: RestartRecord): Promise<void> {
		this.#record = record;
		if (this.policy.name === "no") return;
		const write = () => writeWhole(this.#path, JSON.stringify(this.#record));
		const written = this.#written.then(write, write);
		this.#written = written.catch(() => {});
		await written;
	}
}

/** @throws {WeftError} FILE_DAMAGED: whether it was stopped is not known, so it is not to begin again by itself. */
async function readRecord(path: string): Promise<RestartRecord> {
	return ((await jsonOf(path, recordFault)) as RestartRecord | undefined) ?? noRecord;
}
