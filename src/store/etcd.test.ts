import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { storeContract } from "./contract.ts";
import { openEtcdStore } from "./etcd.ts";
import { storeHandler } from "./serve.ts";
import { openMemoryStore } from "./sqlite.ts";

storeContract("weft://", async () => {
	const held = openMemoryStore();
	const ended = new AbortController();
	const server = createServer(storeHandler(held, ended.signal));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const [store, other] = [openEtcdStore("weft://test", [url]), openEtcdStore("weft://test", [url])];
	const sessions = new Set<{ destroy(): void }>();
	server.on("session", (session) => sessions.add(session));
	return {
		store,
		other,
		compact: async (revision) => held.compact(revision),
		async close() {
			await Promise.all([store.close(), other.close()]);
			ended.abort();
			for (const session of sessions) session.destroy();
			server.close();
			await held.close();
		},
	};
});
