import { setTimeout as sleep } from "node:timers/promises";
import { WeftError } from "../model/error.ts";
import type { HostId } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Expect, Store } from "../store/store.ts";

const timeoutMs = 5_000;
const lookAgainMs = 100;

/**
 * What a transaction of a host expects that is to hold only in the life that the cluster sees now. One that was on its way while the
 * host was taken for dead does not hold any more when it arrives: what was reclaimed stays so.
 * @throws {WeftError} TIMEOUT when the cluster does not take the host for alive within 5 s.
 */
export async function expectAlive(store: Store, id: HostId): Promise<readonly Expect[]> {
	const deadline = performance.now() + timeoutMs;
	for (;;) {
		const alive = await store.get(keys.aliveHost(id));
		if (alive !== undefined) return [{ key: alive.key, revision: alive.revision }];
		if (performance.now() > deadline)
			throw new WeftError("TIMEOUT", `Cannot see within ${timeoutMs} ms that the cluster takes this host for alive`, {
				fix: "weft status tells whether the store answers",
			});
		await sleep(lookAgainMs);
	}
}
