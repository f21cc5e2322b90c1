import { releaseUnowned } from "../control/release-unowned.ts";
import type { Sandbox, SandboxId } from "../model/endpoint.ts";
import { causeText } from "../model/error.ts";
import { isPresent } from "../reconcile/presence.ts";
import { Departed } from "./departed.ts";
import type { Runtime } from "./runtime.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** What is removed in a burst is looked for once. */
const settleMs = 20;
const retryMs = 1_000;
const auditMs = 30_000;

/** The containers of this host, as far as their sandboxes go. */
export interface Containers {
	has(id: string): boolean;
	get(id: string): { readonly isOver: boolean } | undefined;
}

/**
 * Removes what has no owner any more: what an agent that was killed had begun and nobody will finish, sandboxes whose namespace
 * its owner took away, and what could not be removed while the store was away.
 */
export class Tidy {
	readonly #runtime: Runtime;
	readonly #sandboxes: Sandboxes;
	readonly #containers: Containers;
	/** Sandboxes with connections that may have been begun and not finished, or taken back by another host. */
	readonly #unchecked: Set<SandboxId>;
	readonly #departed = new Departed(() => this.#later(settleMs));
	readonly #unlisten: () => void;
	readonly #audit: NodeJS.Timeout;
	#timer: NodeJS.Timeout | undefined;
	/** Whether there may be endpoints of this host in the store that it knows nothing of. */
	#unowned = true;
	#running = false;
	#again = false;

	/** To be made before anything is asked of the agent. */
	constructor(runtime: Runtime, sandboxes: Sandboxes, containers: Containers) {
		this.#runtime = runtime;
		this.#sandboxes = sandboxes;
		this.#containers = containers;
		const known = [...runtime.view.sandboxes.values()];
		// Looked for at the start alone, because later ones may be under way.
		for (const { id, owned } of known)
			if (owned && !containers.has(id)) sandboxes.doom(id, "its container was never made");
		this.#unchecked = new Set(known.map(({ id }) => id));
		for (const sandbox of known) this.#departed.follow(undefined, sandbox);
		this.#unlisten = runtime.control.store.health.onChange((reachable) => {
			if (reachable) this.#later(0);
		});
		this.#audit = setInterval(() => this.#later(0), auditMs);
		this.#later(0);
	}

	/** Notes that a sandbox of this host came, changed, or went. */
	follow(before: Sandbox | undefined, after: Sandbox | undefined): void {
		this.#departed.follow(before, after);
		if (after?.withdrawn !== undefined) this.#later(settleMs);
	}

	/** Notes that an endpoint of a sandbox of this host went: another host may have taken it out by force. */
	check(id: SandboxId): void {
		this.#unchecked.add(id);
		this.#later(0);
	}

	/** Notes that an endpoint of any host went: its name or its address may be what one of this host waits for. */
	noteFreed(): void {
		if (this.#unchecked.size > 0) this.#later(settleMs);
	}

	/** Notes that the store was restored from a backup: it may have lost anything, and may have again what was taken out. */
	noteRestored(): void {
		for (const id of this.#runtime.view.sandboxes.keys()) this.#unchecked.add(id);
		this.#unowned = true;
		this.#later(0);
	}

	close(): void {
		clearInterval(this.#audit);
		clearTimeout(this.#timer);
		this.#unlisten();
		this.#departed.close();
	}

	#later(delayMs: number): void {
		this.#again = true;
		if (this.#running) return;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#run(), delayMs);
	}

	async #run(): Promise<void> {
		this.#running = true;
		this.#again = false;
		let delayMs = 0;
		try {
			await this.#removeOrphans();
			await this.#checkAttachments();
			await this.#takeBack();
			await this.#releaseUnowned();
		} catch (error) {
			this.#again = true;
			delayMs = retryMs;
			this.#runtime.log.warn({ cause: causeText(error) }, "cannot remove what has no owner: trying again");
		}
		this.#running = false;
		if (this.#again) this.#later(delayMs);
	}

	async #removeOrphans(): Promise<void> {
		const { view, events, log } = this.#runtime;
		for (const sandbox of [...view.sandboxes.values()]) {
			const reason = this.#reasonToGo(sandbox);
			if (reason === undefined) continue;
			const { id, name, netns } = sandbox;
			await this.#sandboxes.remove(id);
			log.info({ sandbox: name, netns }, `removed a sandbox: ${reason}`);
			events.emit({ type: "container", action: "tidy", id, name, attributes: { reason } });
		}
	}

	#reasonToGo(sandbox: Sandbox): string | undefined {
		const { id } = sandbox;
		const doom = this.#sandboxes.doomOf(id);
		if (doom !== undefined) return doom;
		if (this.#containers.get(id)?.isOver === true) return "its container has ended";
		return isPresent(this.#runtime.kernel, sandbox) ? undefined : "its namespace is gone";
	}

	async #checkAttachments(): Promise<void> {
		const { view } = this.#runtime;
		for (const id of [...this.#unchecked]) {
			const sandbox = view.sandboxes.get(id);
			this.#unchecked.delete(id);
			if (sandbox === undefined || this.#reasonToGo(sandbox) !== undefined) continue;
			// What stays out is looked at again in the next audit.
			const settled = await this.#sandboxes.settle(id).catch((error: unknown) => {
				this.#unchecked.add(id);
				throw error;
			});
			if (!settled) this.#unchecked.add(id);
		}
	}

	/** Looked for at the start and when the store is an earlier one: else what is in it comes from a sandbox's note. */
	async #releaseUnowned(): Promise<void> {
		const { control, log } = this.#runtime;
		if (!this.#unowned || !control.store.health.reachable) return;
		this.#unowned = false;
		const released = await releaseUnowned(control).catch((error: unknown) => {
			this.#unowned = true;
			throw error;
		});
		for (const { name, address } of released)
			log.warn({ name, address }, "took an endpoint of this host out of the store: no sandbox has it");
	}

	async #takeBack(): Promise<void> {
		for (const { id, withdrawn } of [...this.#runtime.view.sandboxes.values()])
			if (withdrawn !== undefined) await this.#sandboxes.inTurn(() => this.#sandboxes.takeBack(id));
	}
}
