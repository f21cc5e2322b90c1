import { at } from "../../lib/point.ts";
import type { KernelOp } from "../../model/kernel-op.ts";
import { codeOf, type Errno } from "../errno.ts";
import type { OpResult } from "../kernel.ts";
import type { Request } from "../netlink/message.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { refusedOp } from "../op-result.ts";
import { transaction } from "./message.ts";
import { NftRequests } from "./requests.ts";

/**
 * Applies operations on tables, elements and foreign rules in one transaction: no packet ever meets a table without its elements.
 * A transaction fails as a whole, so what the kernel refuses is taken out and the rest is tried again.
 * @param socket Of NETLINK_NETFILTER, in the namespace that all of `ops` are for.
 */
export function applyNft(socket: NetlinkSocket, ops: readonly KernelOp[]): OpResult[] {
	const results = new Map<KernelOp, OpResult>();
	// Each round but the last settles at least one operation.
	for (let pending = ops; pending.length > 0; pending = ops.filter((op) => !results.has(op))) {
		const refused = attempt(socket, pending);
		if (refused.size === 0) for (const op of pending) results.set(op, { op });
		for (const [op, error] of refused) {
			const gone = op.verb === "del" && codeOf(error) === "ENOENT";
			results.set(op, gone ? { op } : refusedOp(op, error));
		}
	}
	return ops.map((op) => results.get(op) ?? { op });
}

/** @returns What was refused, and so kept the rest from being done; empty when all was done. */
function attempt(socket: NetlinkSocket, ops: readonly KernelOp[]): Map<KernelOp, unknown> {
	const requests = new NftRequests(socket);
	const refused = new Map<KernelOp, unknown>();
	const messages: Request[] = [];
	const causes: KernelOp[] = [];
	for (const op of ops) {
		try {
			for (const message of requests.of(op)) {
				messages.push(message);
				causes.push(op);
			}
		} catch (error) {
			refused.set(op, error);
		}
	}
	if (refused.size > 0 || messages.length === 0) return refused;
	const [begin, ...errors] = send(socket, messages);
	at("nft sent");
	for (const [i, op] of causes.entries()) {
		const error = errors[i] ?? begin;
		if (error !== undefined && !refused.has(op)) refused.set(op, error);
	}
	return refused;
}

/** @returns The transaction's own error first, then one entry for each message. */
function send(socket: NetlinkSocket, messages: readonly Request[]): (Errno | undefined)[] {
	// The acknowledgement of the last change, not of the end: kernels before 6.10 give none there.
	return socket.request(transaction(messages), { oneSend: true, ackAt: messages.length });
}
