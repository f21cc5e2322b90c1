import type { KernelOp } from "../../model/kernel-op.ts";
import type { Addr, Fdb, Neigh, NetnsRef, Route } from "../../model/kernel-state.ts";
import { codeOf } from "../errno.ts";
import { delAddrRequest, replaceAddrRequest } from "../netlink/addr.ts";
import type { Request } from "../netlink/message.ts";
import { delFdbRequest, delNeighRequest, replaceFdbRequest, replaceNeighRequest } from "../netlink/neigh.ts";
import { delRouteRequest, replaceRouteRequest } from "../netlink/route.ts";
import type { Session } from "./session.ts";

/** What stands on a link and is cheap to change: many go in one send. */
export type Entry = Addr | Route | Neigh | Fdb;

interface EntryOp {
	readonly verb: KernelOp["verb"];
	readonly resource: Entry;
}

/**
 * Replaces and deletes entries of one namespace, in order.
 * @returns One entry for each: undefined, or what it was refused with.
 * @throws {WeftError} NETNS_NOT_FOUND
 */
export function changeEntries(session: Session, ns: NetnsRef, ops: readonly EntryOp[]): unknown[] {
	const results: unknown[] = ops.map(() => undefined);
	const requests: Request[] = [];
	const places: number[] = [];
	for (const [place, op] of ops.entries()) {
		try {
			requests.push(requestOf(op, session.ifindex(ns, op.resource.dev)));
			places.push(place);
		} catch (error) {
			results[place] = error;
		}
	}
	for (const [i, error] of session.route(ns).request(requests).entries()) results[places[i] as number] = error;
	return results.map((error, place) => (isGone(ops[place] as EntryOp, error) ? undefined : error));
}

function requestOf({ verb, resource: r }: EntryOp, ifindex: number): Request {
	const del = verb === "del";
	switch (r.kind) {
		case "addr":
			return (del ? delAddrRequest : replaceAddrRequest)(ifindex, r.address);
		case "route":
			return (del ? delRouteRequest : replaceRouteRequest)({ ...r, ifindex });
		case "neigh":
			return (del ? delNeighRequest : replaceNeighRequest)({ ...r, ifindex });
		case "fdb":
			return (del ? delFdbRequest : replaceFdbRequest)({ ...r, ifindex });
	}
}

/** EOPNOTSUPP: the link is no port any more, so its bridge holds no entry for it. */
const goneCodes: Readonly<Record<Entry["kind"], readonly string[]>> = {
	addr: ["ENODEV", "EADDRNOTAVAIL"],
	route: ["ENODEV", "ESRCH"],
	neigh: ["ENODEV", "ENOENT"],
	fdb: ["ENODEV", "ENOENT", "EOPNOTSUPP"],
};

function isGone({ verb, resource }: EntryOp, error: unknown): boolean {
	return verb === "del" && goneCodes[resource.kind].includes(codeOf(error) ?? "");
}
