import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import type { Logger } from "pino";
import type { PictureChange } from "../dns/picture.ts";
import type { OpResult } from "../kernel/kernel.ts";
import { causeText, isWeftError, WeftError } from "../model/error.ts";
import type { HostId } from "../model/host.ts";
import type { NetnsRef } from "../model/kernel-state.ts";
import type { StatusView } from "../model/view.ts";
import { NamesClient } from "../names/control-client.ts";
import type { View, ViewChange } from "../reconcile/view.ts";
import { changesOf, type Shown, wholePicture } from "./names-picture.ts";
import { ownProcess } from "./own-process.ts";
import { type Paths, paths } from "./paths.ts";

type Ack = Awaited<ReturnType<NamesClient["tell"]>>;

const connectAgainMs = 50;
const startTimeoutMs = 10_000;

/** Whose names process it is, and where. */
export interface NamesPlace {
	readonly paths: Paths;
	readonly hostId: HostId;
	/** How long a process that does not answer is left to the service manager to start. */
	readonly spawnAfterMs: number;
}

/** Tells the names process what there is, change by change, and starts it again when it ends. */
export class NamesFeed {
	readonly #paths: Paths;
	readonly #spawnAfterMs: number;
	readonly #log: Logger;
	readonly #shown: Shown;
	#view: View | undefined;
	#client: NamesClient | undefined;
	#pending: PictureChange[] = [];
	#last: Promise<Ack | undefined> = Promise.resolve(undefined);
	#pid: number | undefined;
	#closed = false;

	/** @param isSuspended Whether the names of a host's endpoints are hidden. */
	constructor(
		{ paths: agentPaths, hostId, spawnAfterMs }: NamesPlace,
		isSuspended: (id: HostId) => boolean,
		log: Logger,
	) {
		this.#paths = agentPaths;
		this.#spawnAfterMs = spawnAfterMs;
		this.#shown = { self: hostId, isSuspended };
		this.#log = log;
	}

	/** Connects, starting the process where it does not run, and tells the whole picture. */
	async start(view: View): Promise<void> {
		this.#view = view;
		await this.#connect();
	}

	status(): StatusView["names"] {
		if (this.#client === undefined) return { state: "restarting" };
		return { state: "serving", ...(this.#pid === undefined ? {} : { pid: this.#pid }) };
	}

	/** Notes what a change of the view means for names; told at the next {@link flush}. */
	note(view: View, change: ViewChange): void {
		this.#pending.push(...changesOf(view, change, this.#shown));
	}

	/** A host was suspended, or is not any more: its endpoints' names go or come, in all networks that this host follows. */
	noteHost(view: View, id: HostId): void {
		for (const networkId of view.networkIds())
			for (const endpoint of view.endpoints(networkId).values())
				if (endpoint.hostId === id) this.note(view, { kind: "endpoint", networkId, id: endpoint.id, before: endpoint });
		this.flush();
	}

	/** Tells again of sandboxes whose lo came up just now: of new ones, and of such whose namespace had to be made anew. */
	noteRound(results: readonly OpResult[]): void {
		const view = this.#view;
		if (view === undefined) return;
		const risen = new Set<NetnsRef>();
		for (const { op, error } of results)
			if (error === undefined && op.verb !== "del" && op.resource.kind === "link" && op.resource.name === "lo")
				risen.add(op.resource.ns);
		if (risen.size === 0) return;
		for (const { id, netns } of view.sandboxes.values())
			if (risen.has(netns)) this.note(view, { kind: "sandbox", id, before: undefined });
		this.flush();
	}

	flush(): void {
		if (this.#pending.length === 0 || this.#client === undefined) return;
		const changes = this.#pending;
		this.#pending = [];
		this.#tell(this.#client, changes, false);
	}

	/** Resolves when all that was noted answers. A names process that is being started again is told when it is up. */
	async settled(): Promise<void> {
		this.flush();
		await this.#last;
	}

	/** Resolves when the sandbox has its name server: called once its namespace is there. @throws {WeftError} SANDBOX_FAILED, KERNEL_LIMIT */
	async sandboxReady(id: string): Promise<void> {
		const failed = (await this.#last)?.failed[id];
		if (failed !== undefined) throw WeftError.fromBody(failed);
	}

	close(): void {
		this.#closed = true;
		this.#client?.close();
	}

	#tell(client: NamesClient, changes: readonly PictureChange[], whole: boolean): void {
		this.#last = client.tell(changes, whole).then(
			(ack) => {
				this.#pid = ack.pid;
				return ack;
			},
			(error: unknown) => {
				this.#log.warn({ cause: causeText(error) }, "the names process did not take a change");
				// The whole picture follows when it is there again.
				client.close();
				return undefined;
			},
		);
	}

	async #connect(): Promise<void> {
		const began = performance.now();
		const deadline = began + startTimeoutMs;
		let started = false;
		while (!this.#closed) {
			try {
				const client = await NamesClient.connect(paths.namesSocket(this.#paths), () => this.#lost());
				this.#client = client;
				this.#pending = [];
				if (this.#view !== undefined) this.#tell(client, wholePicture(this.#view, this.#shown), true);
				await this.#last;
				return;
			} catch (error) {
				if (isWeftError(error)) throw error;
				if (!started && performance.now() - began >= this.#spawnAfterMs) {
					this.#spawn();
					started = true;
				}
				if (performance.now() > deadline) {
					throw new WeftError(
						"TIMEOUT",
						`Cannot start the names process: it does not answer within ${startTimeoutMs} ms`,
						{
							fix: `see the end of ${paths.namesLog(this.#paths)}`,
							cause: error,
						},
					);
				}
				await new Promise((resolve) => setTimeout(resolve, connectAgainMs));
			}
		}
	}

	#lost(): void {
		this.#client = undefined;
		if (this.#closed) return;
		this.#log.warn("the names process ended: starting it again");
		this.#connect().catch((error: unknown) =>
			this.#log.error({ cause: causeText(error) }, "cannot start the names process"),
		);
	}

	/** A process of its own: it outlives the agent. */
	#spawn(): void {
		const log = openSync(paths.namesLog(this.#paths), "a", 0o600);
		const flags = ["--socket", paths.namesSocket(this.#paths), "--state", paths.namesPicture(this.#paths)];
		const { file, args, env } = ownProcess("names", flags);
		spawn(file, args, {
			detached: true,
			stdio: ["ignore", log, log],
			env,
			cwd: "/",
		}).unref();
	}
}
