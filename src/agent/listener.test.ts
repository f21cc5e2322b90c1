import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { freePort } from "../../test/free-port.ts";
import { openEtcdStore } from "../store/etcd.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { admitHere } from "./admission.ts";
import { Authority } from "./authority.ts";
import { type Credentials, fingerprint, storeName } from "./credentials.ts";
import { joinCluster } from "./join-client.ts";
import { listenForHosts } from "./listener.ts";
import { createToken } from "./tokens.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-listener-"));
const host = "127.0.0.1";
const longestStrangerMs = 500;
const held = openMemoryStore();
let authority: Authority;
let port: number;
let listener: { close(): Promise<void> };
let member: Store;
let told = 0;
const opened: { destroy(): unknown }[] = [];

before(async () => {
	authority = await Authority.open(join(dir, "pki"), "host1");
	port = await freePort(host);
	listener = await listenForHosts({
		credentials: authority.credentials,
		store: held,
		admit: admitHere(held, authority, `weft://${host}:${port}`),
		address: host,
		port,
		longestStrangerMs,
		onStrangersClosed: ({ count }) => {
			told += count;
		},
	});
	member = storeOf(authority.credentials);
	await member.txn([], [{ put: "a", value: "1" }]);
});
afterEach(() => {
	for (const one of opened.splice(0)) one.destroy();
});
after(async () => {
	await member.close();
	await listener.close();
	await held.close();
	rmSync(dir, { recursive: true });
});

function storeOf({ ca, certificate: cert, key }: Credentials): Store {
	return openEtcdStore("weft://test", [`https://${host}:${port}`], { tls: { ca, cert, key, serverName: storeName } });
}

function newToken(): Promise<string> {
	return createToken(
		held,
		{ addresses: [`${host}:${port}`], fingerprint: fingerprint(authority.certificate), expiresAt: Date.now() + 60_000 },
		Date.now(),
	);
}

async function bare(first?: string | Buffer): Promise<Socket> {
	const socket = connect(port, host).on("error", () => {});
	opened.push(socket);
	await once(socket, "connect");
	if (first !== undefined) socket.write(first);
	return socket.resume();
}

async function secured(protocol: string): Promise<Socket> {
	const socket = connectTls({ port, host, rejectUnauthorized: false, ALPNProtocols: [protocol] }).on("error", () => {});
	opened.push(socket);
	await once(socket, "secureConnect");
	return socket.resume();
}

/** The beginning of a ClientHello that says that 512 bytes follow. */
const halfHello = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]);

const slow: Readonly<Record<string, () => Promise<Socket>>> = {
	"says nothing": () => bare(),
	"ends its handshake half way": () => bare(halfHello),
	"says nothing in TLS": () => secured("http/1.1"),
	"says nothing in HTTP/2": () => secured("h2"),
	"sends one header after the other": async () => {
		const socket = await secured("http/1.1");
		socket.write("POST /join HTTP/1.1\r\n");
		const dripping = setInterval(() => socket.write("X: y\r\n"), 50);
		socket.once("close", () => clearInterval(dripping));
		return socket;
	},
	"sends its body bit by bit": async () => {
		const socket = await secured("http/1.1");
		socket.write("POST /join HTTP/1.1\r\nHost: weft\r\nContent-Length: 9999\r\n\r\n");
		const dripping = setInterval(() => socket.write(" "), 50);
		socket.once("close", () => clearInterval(dripping));
		return socket;
	},
};

for (const [what, begin] of Object.entries(slow))
	test(`listenForHosts() closes one without a certificate who ${what}`, async () => {
		const socket = await begin();
		await once(socket, "close", { signal: AbortSignal.timeout(longestStrangerMs * 4) });
	});

test("listenForHosts() tells that it closed some", async () => {
	await sleep(50);
	assert.ok(told > 0);
});

test("listenForHosts() keeps a member for longer than a stranger", async () => {
	const watching = member.watch("late", await member.list("late"), AbortSignal.timeout(5_000))[Symbol.asyncIterator]();
	const next = watching.next();
	await sleep(longestStrangerMs * 2);
	await member.txn([], [{ put: "late", value: "1" }]);
	const came = await next;
	assert.ok(came.done !== true);
	assert.equal(came.value.events.length, 1);
	await watching.return?.();
});

test("listenForHosts() holds few of a flood, and serves members and joiners meanwhile", async () => {
	const flood = await Promise.all(Array.from({ length: 150 }, (_, n) => (n % 2 === 0 ? bare() : bare(halfHello))));
	const joined = storeOf(await joinCluster(await newToken(), { hostName: "host2" }));
	assert.equal((await joined.get("a"))?.value, "1");
	assert.equal((await member.get("a"))?.value, "1");
	await joined.close();
	const left = flood.filter(({ closed }) => !closed).length;
	assert.ok(left <= 32, `${left} of them are still there`);
	await sleep(longestStrangerMs * 2);
	assert.ok(flood.every(({ closed }) => closed));
});

test("listenForHosts() bears what is no TLS and no HTTP", async () => {
	const noise = Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * 7919) % 256));
	const sockets = [
		await bare(noise),
		await bare("POST /join HTTP/1.1\r\n\r\n"),
		...(await Promise.all(["h2", "http/1.1"].map(secured))).map((socket) => (socket.write(noise), socket)),
	];
	await Promise.all(sockets.filter(({ closed }) => !closed).map((socket) => once(socket, "close")));
	assert.equal((await member.get("a"))?.value, "1");
});

test("listenForHosts() holds few of one member's connections, and closes the oldest", async () => {
	const { ca, certificate: cert, key } = await joinCluster(await newToken(), { hostName: "host3" });
	const flood: Socket[] = [];
	for (let n = 0; n < 50; n++) {
		const socket = connectTls({ port, host, ca, cert, key, servername: storeName, ALPNProtocols: ["h2"] });
		opened.push(socket.on("error", () => {}).resume());
		flood.push(socket);
		await once(socket, "secureConnect");
	}
	await once(flood[17] ?? assert.fail(), "close");
	assert.deepEqual(
		flood.map(({ closed }) => closed),
		flood.map((_, n) => n < 18),
	);
	assert.equal((await member.get("a"))?.value, "1");
});

test("listenForHosts() takes no certificate of another authority", async () => {
	const other = await Authority.open(join(dir, "other"), "host1");
	const stranger = storeOf({ ...other.credentials, ca: authority.certificate });
	await assert.rejects(stranger.get("a"), { code: "STORE_REFUSED" });
	await stranger.close();
});

test("listenForHosts() reads no more of a joiner's request than it can be long", async () => {
	const session = connectHttp2(`https://${host}:${port}`, { rejectUnauthorized: false }).on("error", () => {});
	opened.push(session);
	const stream = session.request({ ":method": "POST", ":path": "/join" }).on("error", () => {});
	const chunk = Buffer.alloc(16 * 1024, "x");
	let sent = 0;
	const more = () => {
		while (!stream.destroyed && sent < 100_000_000 && stream.write(chunk)) sent += chunk.length;
	};
	stream.on("drain", more);
	more();
	stream.resume();
	await once(stream, "close");
	assert.ok(sent < 1_000_000, `${sent} bytes went`);
	assert.equal((await member.get("a"))?.value, "1");
});

test("listenForHosts() closes at once, whatever its connections are in the middle of", async () => {
	const another = await freePort(host);
	const closing = await listenForHosts({
		credentials: authority.credentials,
		admit: admitHere(held, authority, ""),
		address: host,
		port: another,
		onStrangersClosed: () => {},
	});
	for (const first of ["", halfHello]) {
		const socket = connect(another, host).on("error", () => {});
		opened.push(socket);
		await once(socket, "connect");
		socket.write(first);
	}
	const idle = connectTls({ port: another, host, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
	opened.push(idle.on("error", () => {}));
	await once(idle, "secureConnect");
	const began = performance.now();
	await closing.close();
	assert.ok(performance.now() - began < 500);
});
