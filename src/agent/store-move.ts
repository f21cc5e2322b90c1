import type { Logger } from "pino";
import { decodeAll } from "../control/context.ts";
import type { Host } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Store } from "../store/store.ts";
import { postToAgent } from "./agent-post.ts";
import { agentName, type Credentials } from "./credentials.ts";

const timeoutMs = 2_000;
const [firstRetryMs, longestRetryMs] = [500, 30_000];

/** What the store's host tells the others: where the store is now. */
export interface StoreMove {
	readonly storeUrl: string;
}

/**
 * Tells all other hosts where the embedded store is: they know its former address, which is not there any more when this host
 * has got another. Goes on until each has heard it. @returns Ends it.
 */
export function announceStore(store: Store, self: string, move: StoreMove, how: Announcing): () => void {
	const ended = new AbortController();
	void announce(store, self, move, how, ended.signal);
	return () => ended.abort();
}

interface Announcing {
	readonly credentials: Credentials;
	readonly log: Logger;
}

async function announce(
	store: Store,
	self: string,
	move: StoreMove,
	{ credentials, log }: Announcing,
	signal: AbortSignal,
): Promise<void> {
	const body = JSON.stringify(move);
	const told = new Set<string>([self]);
	for (let delayMs = firstRetryMs; !signal.aborted; delayMs = Math.min(delayMs * 2, longestRetryMs)) {
		const { entries } = await store.list(keys.hosts);
		const left = decodeAll<Host>(entries).filter(({ id }) => !told.has(id));
		if (left.length === 0) return;
		await Promise.all(
			left.map(async ({ id, name, vtep: host, agentPort: port }) => {
				const { ca, certificate: cert, key } = credentials;
				try {
					await postToAgent({ host, port, ca, cert, key, servername: agentName }, "/store", body, timeoutMs);
					told.add(id);
				} catch (cause) {
					log.debug({ host: name, cause }, "cannot tell a host where the store is: trying again");
				}
			}),
		);
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, delayMs);
			signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
		});
	}
}
