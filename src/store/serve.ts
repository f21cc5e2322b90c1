import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import {
	Code,
	ConnectError,
	type ConnectRouter,
	createConnectRouter,
	createContextValues,
	type HandlerContext,
	type Interceptor,
} from "@connectrpc/connect";
import {
	compressionGzip,
	universalRequestFromNodeRequest,
	universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { isWeftError } from "../model/error.ts";
import { KV, Lease, Watch } from "./etcd/gen/rpc_pb.js";
import { callKey, callOf } from "./serve/call.ts";
import { serveKv } from "./serve/kv.ts";
import { serveLease } from "./serve/lease.ts";
import { limits } from "./serve/limits.ts";
import { Members } from "./serve/members.ts";
import { serveWatch } from "./serve/watch.ts";
import type { EmbeddedStore } from "./sqlite.ts";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/**
 * Serves an embedded store to other hosts, as the part of etcd's v3 protocol that weft and `etcdctl` use.
 * Who may call is decided before: by the listener's client certificates.
 * @param ended Aborts when the listener closes: watches end.
 */
function serveStore(store: EmbeddedStore, ended: AbortSignal): (router: ConnectRouter) => void {
	return (router) => {
		router.service(KV, serveKv(store));
		const small = { readMaxBytes: limits.smallRequestBytes };
		router.service(
			Watch,
			{
				watch: (requests, context: HandlerContext) =>
					serveWatch(store, requests, {
						call: callOf(context),
						ended: AbortSignal.any([context.signal, ended]),
					}),
			},
			small,
		);
		router.service(Lease, serveLease(store), small);
	};
}

/** @returns What answers a request of the store's protocol, whichever listener it came by. */
export function storeHandler(store: EmbeddedStore, ended: AbortSignal): (request: Request, response: Response) => void {
	const members = new Members();
	const router = createConnectRouter({
		interceptors: [inEtcdsWords],
		connect: false,
		grpcWeb: false,
		acceptCompression: [compressionGzip],
		readMaxBytes: limits.requestBytes,
		requestGate: (context) =>
			context.method.methodKind === "unary" ? callOf(context).turn(context.signal) : undefined,
	});
	serveStore(store, ended)(router);
	const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
	return (request, response) => {
		const handler = handlers.get(request.url ?? "");
		// gRPC is HTTP/2; what is no URL would be thrown at, where nobody hears it.
		if (!("stream" in request) || handler === undefined || !URL.canParse(request.url, `https://${request.authority}`))
			return refuse(response);
		const call = members.begin(request, response as Http2ServerResponse);
		if (call === undefined) return;
		const values = createContextValues().set(callKey, call);
		void handler(universalRequestFromNodeRequest(request, response, undefined, values))
			.then((answer) => universalResponseToNodeResponse(answer, response))
			// The stream broke while it was written to: nobody is left to be told.
			.catch(() => request.stream.destroy());
	};
}

function refuse(response: Response): void {
	(response as ServerResponse).writeHead(404, { "content-type": "text/plain" });
	response.end("Cannot answer: the store is asked by gRPC, as etcd is\n");
}

/** As etcd says it. */
const inEtcdsWords: Interceptor = (next) => async (request) => {
	try {
		return await next(request);
	} catch (error) {
		if (isWeftError(error, "STORE_FULL")) throw new ConnectError(error.message, Code.ResourceExhausted);
		if (isWeftError(error, "STORE_CONFLICT")) throw new ConnectError(error.message, Code.NotFound);
		throw error;
	}
};
