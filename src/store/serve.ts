import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Code, ConnectError, type ConnectRouter, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { isWeftError } from "../model/error.ts";
import { KV, Lease, Watch } from "./etcd/gen/rpc_pb.js";
import { headerOf } from "./serve/header.ts";
import { serveKv } from "./serve/kv.ts";
import { serveWatch } from "./serve/watch.ts";
import type { EmbeddedStore } from "./sqlite.ts";

/**
 * Serves an embedded store to other hosts, as the part of etcd's v3 protocol that weft and `etcdctl` use.
 * Who may call is decided before: by the listener's client certificates.
 * @param ended Aborts when the listener closes: watches end.
 */
function serveStore(store: EmbeddedStore, ended: AbortSignal): (router: ConnectRouter) => void {
	return (router) => {
		router.service(KV, serveKv(store));
		router.service(Watch, {
			watch: (requests, context: HandlerContext) =>
				serveWatch(store, requests, AbortSignal.any([context.signal, ended])),
		});
		router.service(Lease, {
			leaseGrant({ TTL }) {
				const ttl = Math.max(1, Number(TTL));
				return { header: headerOf(store), ID: BigInt(store.grant(ttl)), TTL: BigInt(ttl) };
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
		});
	};
}

/** @returns What answers a request of the store's protocol, whichever listener it came by. */
export function storeHandler(
	store: EmbeddedStore,
	ended: AbortSignal,
): (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => void {
	return connectNodeAdapter({ routes: serveStore(store, ended), interceptors: [tellFull] });
}

/** As etcd says it when it has no room. */
const tellFull: Interceptor = (next) => async (request) => {
	try {
		return await next(request);
	} catch (error) {
		if (isWeftError(error, "STORE_FULL")) throw new ConnectError(error.message, Code.ResourceExhausted);
		throw error;
	}
};
