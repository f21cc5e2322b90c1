import type { ServiceImpl } from "@connectrpc/connect";
import type { Lease } from "../etcd/gen/rpc_pb.js";
import type { EmbeddedStore } from "../sqlite.ts";
import { callOf } from "./call.ts";
import { headerOf } from "./header.ts";
import { invalid, limits, noRoom } from "./limits.ts";

export function serveLease(store: EmbeddedStore): ServiceImpl<typeof Lease> {
	return {
		leaseGrant({ TTL }, context) {
			const { leases } = callOf(context).member;
			for (const id of leases) if (!store.holdsLease(id)) leases.delete(id);
			if (leases.size >= limits.leases) throw noRoom(`Cannot grant a lease: this member has ${limits.leases}`);
			if (TTL > limits.ttlSeconds)
				throw invalid(`Cannot grant a lease of ${TTL} s: the longest is ${limits.ttlSeconds} s`);
			// As etcd does with one that is too short for it.
			const ttl = Math.max(1, Number(TTL));
			const id = store.grant(ttl);
			leases.add(id);
			return { header: headerOf(store), ID: BigInt(id), TTL: BigInt(ttl) };
		},
		leaseRevoke({ ID }) {
			store.endLease(ID.toString());
			return { header: headerOf(store) };
		},
		async *leaseKeepAlive(requests) {
			for await (const { ID } of requests) {
				const ttl = store.keepAlive(ID.toString()) ?? 0;
				yield { header: headerOf(store), ID, TTL: BigInt(ttl) };
			}
		},
	};
}
