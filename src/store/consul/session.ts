import type { Endpoints } from "../endpoints.ts";
import { keptLease } from "../kept-lease.ts";
import type { Lease } from "../store.ts";
import type { ConsulServer } from "./server.ts";

/** Consul takes none below. */
const shortestTtlSeconds = 10;

/** Takes a session and keeps it alive until it is destroyed, lost, or `closed` aborts. */
export async function consulSession(
	endpoints: Endpoints<ConsulServer>,
	leaseSeconds: number,
	closed: AbortSignal,
): Promise<Lease> {
	const ttlSeconds = Math.max(leaseSeconds, shortestTtlSeconds);
	const put = (path: string, body?: unknown) =>
		endpoints.call(true, (server) => server.ask({ method: "PUT", path: `session/${path}`, body }));
	const { body } = await put("create", {
		Name: "weft",
		TTL: `${ttlSeconds}s`,
		Behavior: "delete",
		// What it holds is free at once for the next one.
		LockDelay: "0s",
		// No check: it would end with the health of Consul's server, and not with this host's.
		NodeChecks: [],
		ServiceChecks: [],
	});
	const id = (JSON.parse(body) as { ID: string }).ID;
	return keptLease(
		{
			id,
			ttlSeconds,
			beat: async () => (await put(`renew/${id}`)).status === 200,
			end: () => put(`destroy/${id}`),
		},
		closed,
	);
}
