import assert from "node:assert/strict";
import {
	type ClientHttp2Session,
	type ClientHttp2Stream,
	type ClientSessionOptions,
	connect,
	createServer,
} from "node:http2";
import { type AddressInfo, connect as connectTcp, type Socket } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { KV, Lease, Watch } from "../src/store/etcd/gen/rpc_pb.js";
import { openEtcdStore } from "../src/store/etcd.ts";
import { storeHandler } from "../src/store/serve.ts";
import { openMemoryStore } from "../src/store/sqlite.ts";

/** Members are told apart by their addresses, without TLS. */
const hostileAddress = "127.0.0.2";

/** A store that is served to one who is honest, and to one who is not: he has clients, and bare HTTP/2. */
export async function storeWithHostileMember() {
	const held = openMemoryStore();
	const ended = new AbortController();
	const server = createServer(storeHandler(held, ended.signal));
	const sessions = new Set<{ destroy(): void }>();
	server.on("session", (session) => sessions.add(session));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const url = `http://127.0.0.1:${port}`;
	const honest = openEtcdStore("weft://test", [url]);
	await honest.txn([], [{ put: "a", value: "1" }]);
	const createConnection = (): Socket => connectTcp({ host: "127.0.0.1", port, localAddress: hostileAddress });
	const transport = createGrpcTransport({ baseUrl: url, nodeOptions: { createConnection } });
	return {
		port,
		held,
		honest,
		kv: createClient(KV, transport),
		lease: createClient(Lease, transport),
		watch: createClient(Watch, transport),
		openRaw(options: ClientSessionOptions = {}): ClientHttp2Session {
			return connect(url, { createConnection, ...options })
				.setMaxListeners(0)
				.on("error", () => {});
		},
		async assertHonestGoesOn(): Promise<void> {
			assert.equal((await honest.get("a"))?.value, "1");
		},
		async close(): Promise<void> {
			await honest.close();
			ended.abort();
			for (const session of sessions) session.destroy();
			server.close();
			await held.close();
		},
	};
}

export function ask(
	session: ClientHttp2Session,
	method: string,
	headers: Record<string, string> = {},
): ClientHttp2Stream {
	return session
		.request({ ":method": "POST", ":path": `/etcdserverpb.${method}`, "content-type": "application/grpc", ...headers })
		.on("error", () => {});
}

/** As gRPC frames a message. */
export function framed(message: Buffer, sizeSaid = message.length, flags = 0): Buffer {
	const head = Buffer.alloc(5);
	head[0] = flags;
	head.writeUInt32BE(sizeSaid, 1);
	return Buffer.concat([head, message]);
}
