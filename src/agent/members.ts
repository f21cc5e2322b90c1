import type { Logger } from "pino";
import type { ControlContext } from "../control/context.ts";
import { reclaimHost } from "../control/reclaim-host.ts";
import { causeText } from "../model/error.ts";
import { defaultGraceSeconds, type HostId } from "../model/host.ts";
import type { HostView } from "../model/view.ts";
import type { View, ViewChange } from "../reconcile/view.ts";
import type { EventBus } from "./event-bus.ts";
import { Grace } from "./grace.ts";
import { Suspensions } from "./suspensions.ts";

export interface MembersOptions {
	readonly control: ControlContext;
	readonly view: View;
	readonly events: EventBus;
	readonly log: Logger;
	/** Told when the names of a host's endpoints are to be hidden, and when they are to be shown again. */
	readonly onHidden: (id: HostId) => void;
}

/** Which hosts are alive, unreachable, or gone; and what becomes of those that are not alive. */
export class Members {
	readonly #options: MembersOptions;
	readonly #suspensions: Suspensions;
	readonly #grace: Grace;
	/** Since when each host has not been alive, as far as this host saw it. */
	readonly #absent = new Map<HostId, string>();
	readonly #unlisten: () => void;

	constructor(options: MembersOptions) {
		this.#options = options;
		const { control, view } = options;
		const clock = {
			now: () => performance.now(),
			later(delayMs: number, callback: () => void) {
				const timer = setTimeout(callback, delayMs);
				return () => clearTimeout(timer);
			},
		};
		this.#suspensions = new Suspensions({
			self: control.self.id,
			isAlive: (id) => view.alive.has(id),
			onChange: (id) => this.#noteHidden(id),
			...clock,
		});
		this.#grace = new Grace({
			self: control.self.id,
			// While the store is away, nothing that is known of the others holds.
			alive: () => (control.store.health.reachable ? view.alive.keys() : []),
			graceMs: (id) => this.#graceMs(id),
			reclaim: (id) => this.#reclaim(id),
			...clock,
		});
		this.#unlisten = control.store.health.onChange((reachable) => {
			if (reachable) this.#grace.restart();
		});
	}

	/** Notes those that were dead before this agent started: no lease of theirs ends while it looks. */
	start(): void {
		for (const id of this.#options.view.hosts.keys()) if (id !== this.#options.control.self.id) this.#noteLiveness(id);
	}

	note(change: ViewChange): void {
		const { view, events } = this.#options;
		if (change.kind === "liveness") this.#noteLiveness(change.id);
		if (change.kind === "host" && !view.hosts.has(change.id)) {
			this.#suspensions.forget(change.id);
			this.#grace.note(change.id, false);
			this.#absent.delete(change.id);
		}
		if (change.kind === "gone" && view.gone.has(change.id))
			events.emit({ type: "host", action: "gone", id: change.id, name: this.#nameOf(change.id) });
	}

	/** Whether the names of a host's endpoints are hidden. */
	isHidden(id: HostId): boolean {
		return this.#suspensions.has(id);
	}

	/** Whether what a host holds may be taken from it when somebody asks for that. */
	isDead(id: HostId): boolean {
		const { view } = this.#options;
		return !view.alive.has(id) && (this.isHidden(id) || view.gone.has(id));
	}

	stateOf(id: HostId): Pick<HostView, "state" | "since"> {
		const { view } = this.#options;
		const alive = view.alive.get(id);
		if (alive !== undefined) return { state: "alive", since: alive.since };
		const gone = view.gone.get(id);
		if (gone !== undefined) return { state: "gone", since: gone.at };
		const since = this.#absent.get(id);
		return { state: "unreachable", ...(since === undefined ? {} : { since }) };
	}

	close(): void {
		this.#unlisten();
		this.#suspensions.close();
		this.#grace.close();
	}

	#noteLiveness(id: HostId): void {
		const { view, control } = this.#options;
		const alive = view.alive.has(id);
		if (alive) this.#absent.delete(id);
		else if (!this.#absent.has(id)) this.#absent.set(id, new Date().toISOString());
		this.#suspensions.note(id);
		if (id === control.self.id && alive) this.#grace.restart();
		else this.#grace.look();
	}

	#noteHidden(id: HostId): void {
		const { events, onHidden } = this.#options;
		const hidden = this.isHidden(id);
		this.#grace.note(id, hidden);
		onHidden(id);
		events.emit({ type: "host", action: hidden ? "suspend" : "resume", id, name: this.#nameOf(id) });
	}

	#graceMs(id: HostId): number | undefined {
		const { view } = this.#options;
		const host = view.hosts.get(id);
		if (host === undefined || view.gone.has(id)) return undefined;
		return (host.graceSeconds ?? defaultGraceSeconds) * 1000;
	}

	async #reclaim(id: HostId): Promise<void> {
		const { control, log } = this.#options;
		const host = this.#nameOf(id);
		try {
			const reclaimed = await reclaimHost(control, id);
			if (reclaimed === undefined) return;
			const endpoints = reclaimed.map(({ name, address }) => `${name} ${address}`);
			log.warn({ host, endpoints }, "reclaimed what a host held that is gone");
		} catch (error) {
			log.warn({ host, cause: causeText(error) }, "cannot reclaim what a host holds that is gone: trying again");
		}
	}

	#nameOf(id: HostId): string {
		return this.#options.view.hosts.get(id)?.name ?? id.slice(0, 12);
	}
}
