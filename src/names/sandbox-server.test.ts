import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { after, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { freePort } from "../../test/free-port.ts";
import { hostileMessage, smallPicture } from "../../test/hostile-dns.ts";
import { failure } from "../dns/answer.ts";
import { tcpListenerIn, udpSocketIn } from "../kernel/sockets.ts";
import { ipv4 } from "../model/address.ts";
import { hostNetns } from "../model/kernel-state.ts";
import { Frames, framed } from "./frames.ts";
import { SandboxServer } from "./sandbox-server.ts";

const address = ipv4("127.0.0.1");
const port = await freePort(address);
/** What is forwarded is answered by SERVFAIL, in the order that `release` is called in; at once while `held` is undefined. */
let held: (() => void)[] | undefined;
const forwarder = {
	ask: (message: Buffer) =>
		new Promise<Buffer>((resolve) => {
			if (held === undefined) resolve(failure(message));
			else held.push(() => resolve(failure(message)));
		}),
};
const server = new SandboxServer(hostNetns, "s1", smallPicture(), forwarder, {
	udp: () => udpSocketIn(hostNetns, address, port),
	tcp: () => tcpListenerIn(hostNetns, address, port, 16),
	cookie: () => "1",
});
after(() => server.close());

function query(id: number, name: string): Buffer {
	return encode({ type: "query", id, questions: [{ type: "A", name, class: "IN" }] });
}

/** Sends pieces over one connection, half-closes it, and reads until the end. @returns The answers. */
async function overTcp(pieces: readonly Buffer[], during?: () => void): Promise<Buffer[]> {
	const socket = connect({ host: address, port, allowHalfOpen: true });
	const frames = new Frames();
	socket.on("data", (chunk) => frames.push(chunk));
	// A message that is no question has the connection cut.
	socket.on("error", () => {});
	socket.setNoDelay();
	const closed = new Promise((resolve) => socket.once("close", resolve));
	await once(socket, "connect");
	for (const piece of pieces) {
		if (!socket.destroyed) socket.write(piece);
		await turn();
	}
	during?.();
	socket.end();
	await closed;
	const answers: Buffer[] = [];
	for (let message = frames.shift(); message !== undefined; message = frames.shift()) answers.push(message);
	return answers;
}

test("SandboxServer answers after any datagrams", async (t) => {
	const client = createSocket("udp4");
	t.after(() => client.close());
	client.connect(port, address);
	await once(client, "connect");
	let answered: (() => void) | undefined;
	const odd: string[] = [];
	client.on("message", (reply) => {
		if (reply.length < 12 || reply.length > 1232 || reply.readUInt8(2) < 0x80) odd.push(reply.toString("hex"));
		if (reply.readUInt16BE(0) === 0xbeef && reply.length > 30) answered?.();
	});
	await fc.assert(
		fc.asyncProperty(fc.array(hostileMessage, { minLength: 1, maxLength: 20 }), async (messages) => {
			for (const message of messages) client.send(message);
			const good = new Promise<void>((resolve) => (answered = resolve));
			client.send(query(0xbeef, "a"));
			await good;
			assert.deepEqual(odd, []);
		}),
		{ numRuns: 150 },
	);
});

test("SandboxServer reads frames that are cut anywhere", async () => {
	const stream = Buffer.concat([query(1, "a"), query(2, "web"), query(3, "example.org")].map(framed));
	await fc.assert(
		fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 6 }), async (cuts) => {
			const at = [0, ...cuts.toSorted((x, y) => x - y), stream.length];
			const answers = await overTcp(at.slice(1).map((end, n) => stream.subarray(at[n], end)));
			assert.deepEqual(new Set(answers.map((answer) => decode(answer).id)), new Set([1, 2, 3]));
		}),
		{ numRuns: 60 },
	);
});

test("SandboxServer bears any bytes over TCP", async () => {
	const piece = fc.oneof(
		hostileMessage.map(framed),
		fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
	);
	await fc.assert(
		fc.asyncProperty(fc.array(piece, { maxLength: 5 }), async (pieces) => {
			await overTcp(pieces);
			assert.equal((await overTcp([framed(query(7, "a"))])).length, 1);
		}),
		{ numRuns: 60 },
	);
});

test("SandboxServer ends a connection when all of it is answered, the slow ones, too", async () => {
	held = [];
	const waiting = held;
	const answers = await overTcp([Buffer.concat([query(1, "example.org"), query(2, "a")].map(framed))], () => {
		setTimeout(() => {
			for (const release of waiting) release();
		}, 100);
	});
	held = undefined;
	assert.deepEqual(
		answers.map((answer) => decode(answer).id),
		[2, 1],
	);
});

test("SandboxServer reads no more from who does not take its answers", async (t) => {
	const socket = connect({ host: address, port });
	t.after(() => socket.destroy());
	socket.on("error", () => {});
	await once(socket, "connect");
	socket.pause();
	const flood = Buffer.concat(Array.from({ length: 10_000 }, (_, n) => framed(query(n, "web"))));
	const before = process.memoryUsage().rss;
	// Each byte asks for fifty: kernels hold a few megabytes of them, and the rest has to wait with the one who asks.
	let taken = 0;
	for (let n = 0; n < 100; n++) if (socket.write(flood, () => (taken += flood.length))) await turn();
	await new Promise((resolve) => setTimeout(resolve, 300));
	assert.ok(taken < 100 * flood.length, "all of it was read");
	assert.ok(process.memoryUsage().rss - before < 64 * 2 ** 20);
});

test("SandboxServer forwards no more than 256 questions at once", async (t) => {
	held = [];
	const client = createSocket("udp4");
	t.after(() => client.close());
	client.connect(port, address);
	await once(client, "connect");
	const refused = new Promise<Buffer>((resolve) => client.once("message", (reply) => resolve(reply)));
	for (let n = 0; n < 257; n++) {
		client.send(query(n, "example.org"));
		if (n % 32 === 0) await turn();
	}
	assert.equal(decode(await refused).id, 256);
	assert.equal(held.length, 256);
	for (const release of held) release();
	held = undefined;
});
