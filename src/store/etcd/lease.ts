import type { Endpoints } from "../endpoints.ts";
import { keptLease } from "../kept-lease.ts";
import type { Lease } from "../store.ts";
import type { EtcdServer } from "./server.ts";

/** Takes a lease and keeps it alive until it is revoked, lost, or `closed` aborts. */
export async function etcdLease(
	endpoints: Endpoints<EtcdServer>,
	ttlSeconds: number,
	closed: AbortSignal,
): Promise<Lease> {
	const { ID } = await endpoints.call(false, (server) =>
		server.ask(({ lease }, options) => lease.leaseGrant({ TTL: BigInt(ttlSeconds) }, options)),
	);
	const kept = {
		id: ID.toString(),
		ttlSeconds,
		beat: () => endpoints.call(true, (server) => server.ask((one, { timeoutMs }) => beat(one, ID, timeoutMs))),
		end: () => endpoints.call(true, (server) => server.ask(({ lease }, options) => lease.leaseRevoke({ ID }, options))),
	};
	return keptLease(kept, closed);
}

/** @returns Whether seconds are left. */
async function beat({ lease }: EtcdServer, id: bigint, timeoutMs: number): Promise<boolean> {
	async function* once() {
		yield { ID: id };
	}
	for await (const { TTL } of lease.leaseKeepAlive(once(), { timeoutMs })) return TTL > 0n;
	return false;
}
