import type { Logger } from "pino";
import { encode } from "../control/context.ts";
import { causeText } from "../model/error.ts";
import type { Host, Liveness } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Lease, Store } from "../store/store.ts";

/** A host whose agent is silent this long is taken for dead: its names hide, its places stay. */
const leaseTtlSeconds = 10;
const retryMs = 1_000;

/** Keeps this host a member: its record, and a leased key that says that it lives. */
export class Membership {
	readonly #ended = new AbortController();

	constructor(store: Store, self: Host, epoch: number, log: Logger) {
		void this.#keep(store, self, epoch, log);
	}

	close(): void {
		this.#ended.abort();
	}

	async #keep(store: Store, self: Host, epoch: number, log: Logger): Promise<void> {
		const { signal } = this.#ended;
		while (!signal.aborted) {
			let lease: Lease | undefined;
			try {
				lease = await store.lease(leaseTtlSeconds);
				const liveness: Liveness = { epoch, since: new Date().toISOString() };
				await store.txn(
					[],
					[
						{ put: keys.host(self.id), value: encode(self) },
						{ put: keys.aliveHost(self.id), value: encode(liveness), lease: lease.id },
					],
				);
				await aborted(AbortSignal.any([lease.lost, signal]));
				// An agent that stops leaves its lease: its containers run on, and it may be back before that ends.
				if (!signal.aborted) log.warn("the host's lease ended: taking a new one");
			} catch (error) {
				if (signal.aborted) return;
				log.warn({ cause: causeText(error) }, "cannot renew the host's membership: trying again");
				await new Promise((resolve) => setTimeout(resolve, retryMs));
			}
		}
	}
}

function aborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) resolve();
		else signal.addEventListener("abort", () => resolve(), { once: true });
	});
}
