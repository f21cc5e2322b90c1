import type { Logger } from "pino";
import { decode, encode } from "../control/context.ts";
import { causeText } from "../model/error.ts";
import type { Gone, Host, Liveness } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Lease, Store } from "../store/store.ts";

/** A host whose agent is silent this long is taken for dead: its names hide, its addresses stay. */
const defaultLeaseSeconds = 10;
const retryMs = 1_000;

export interface MembershipOptions {
	readonly store: Store;
	readonly self: Host;
	readonly epoch: number;
	readonly leaseSeconds: number | undefined;
	/** Told when the host comes back after its endpoints were reclaimed. */
	readonly onReturn: (gone: Gone) => void;
	readonly log: Logger;
}

/** Keeps this host a member: its record, and a leased key that says that it lives. */
export class Membership {
	readonly #ended = new AbortController();
	readonly #options: MembershipOptions;

	constructor(options: MembershipOptions) {
		this.#options = options;
		void this.#keep();
	}

	close(): void {
		this.#ended.abort();
	}

	async #keep(): Promise<void> {
		const { log } = this.#options;
		const { signal } = this.#ended;
		while (!signal.aborted) {
			try {
				const { lost } = await this.#begin();
				await aborted(AbortSignal.any([lost, signal]));
				// An agent that stops leaves its lease: its containers run on, and it may be back before that ends.
				if (!signal.aborted) log.warn("the host's lease ended: taking a new one");
			} catch (error) {
				if (signal.aborted) return;
				log.warn({ cause: causeText(error) }, "cannot renew the host's membership: trying again");
				await new Promise((resolve) => setTimeout(resolve, retryMs));
			}
		}
	}

	/** Says that the host lives. */
	async #begin(): Promise<Lease> {
		const { store, self, epoch, leaseSeconds = defaultLeaseSeconds, onReturn } = this.#options;
		const gone = await store.get(keys.goneHost(self.id));
		const lease = await store.lease(leaseSeconds);
		const liveness: Liveness = { epoch, since: new Date().toISOString() };
		await store.txn(
			[],
			[
				{ put: keys.host(self.id), value: encode(self) },
				{ put: keys.aliveHost(self.id), value: encode(liveness), lease: lease.id },
				{ delete: keys.goneHost(self.id) },
			],
		);
		if (gone !== undefined) onReturn(decode<Gone>(gone));
		return lease;
	}
}

function aborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) resolve();
		else signal.addEventListener("abort", () => resolve(), { once: true });
	});
}
