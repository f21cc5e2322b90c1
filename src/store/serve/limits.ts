import { Code, ConnectError } from "@connectrpc/connect";

const kib = 1024;

/** What a member may ask for: far more than weft does, and little enough that one that has gone mad is a nuisance to itself alone. */
export const limits = {
	/** Of one request; etcd's own (--max-request-bytes). */
	requestBytes: 1536 * kib,
	/** Of what opens a watch, or concerns a lease. */
	smallRequestBytes: 16 * kib,
	keyBytes: kib,
	/** In each list of a transaction; etcd's own (--max-txn-ops). */
	operations: 128,
	ttlSeconds: 24 * 3600,
	/** Of one member, at one time: two watches for each network that its host is in, and some. */
	calls: 4_096,
	/** Those of them whose requests are read and answered at once; the others wait. */
	callsAtOnce: 64,
	/** Of one member's answers that it has not read. */
	unreadBytes: 16 * 1024 * kib,
	/** Of one member: an agent has one, and a few after quick restarts. */
	leases: 64,
} as const;

/** As etcd says it when it has no room. */
export function noRoom(reason: string): ConnectError {
	return new ConnectError(reason, Code.ResourceExhausted);
}

export function invalid(reason: string): ConnectError {
	return new ConnectError(reason, Code.InvalidArgument);
}
