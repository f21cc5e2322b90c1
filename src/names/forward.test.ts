import assert from "node:assert/strict";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, decode, encode } from "dns-packet";
import { freePort } from "../../test/free-port.ts";
import { Forwarder, type ForwardTimes } from "./forward.ts";
import { Frames, framed } from "./frames.ts";

const port = await freePort("127.0.0.1");
const [first, second, third] = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];

function query(name = "example.org"): Buffer {
	return encode({ type: "query", id: 7, flags: 0x0100, questions: [{ type: "A", name, class: "IN" }] });
}

function reply(question: Buffer, from: string, { rcode = 0, name = "" } = {}): Buffer {
	const { id = 0, questions: [asked] = [] } = decode(question);
	const owner = name === "" ? (asked?.name ?? "") : name;
	const answers: Answer[] = rcode === 0 ? [{ type: "A", name: owner, data: from }] : [];
	return encode({ type: "response", id, flags: rcode, questions: [{ type: "A", name: owner, class: "IN" }], answers });
}

type Behaviour = (question: Buffer, from: RemoteInfo, socket: Socket) => void;

/** A resolver; without a behaviour it is dead: it hears, and says nothing. @returns How often it was asked. */
async function resolver(t: TestContext, server: string, behaviour: Behaviour = () => {}): Promise<() => number> {
	const socket = createSocket("udp4");
	let asked = 0;
	socket.on("message", (question, from) => {
		asked++;
		behaviour(question, from, socket);
	});
	socket.bind(port, server);
	await once(socket, "listening");
	t.after(() => socket.close());
	return () => asked;
}

const honest =
	(server: string): Behaviour =>
	(question, from, socket) => {
		socket.send(reply(question, server), from.port, from.address);
	};

/** A fifth of the usual ones, but for the last. */
const times: ForwardTimes = { nextAfterMs: 200, wholeMs: 800, avoidMs: 1_000 };

function forwarder(...servers: readonly string[]): Forwarder {
	return new Forwarder({ servers: () => servers }, port, times);
}

/** @returns Who answered, or the code of a failure, and after how many ms. */
async function ask(by: Forwarder, transport: "udp" | "tcp" = "udp"): Promise<{ said: unknown; ms: number }> {
	const began = performance.now();
	const packet = decode(await by.ask(query(), transport));
	assert.equal(packet.id, 7);
	const [answer] = packet.answers ?? [];
	const said = answer?.type === "A" ? answer.data : (packet as { rcode?: string }).rcode;
	return { said, ms: performance.now() - began };
}

test("Forwarder asks the first resolver, and the others not at all", async (t) => {
	await resolver(t, first, honest(first));
	const seconds = await resolver(t, second, honest(second));
	assert.equal((await ask(forwarder(first, second))).said, first);
	assert.equal(seconds(), 0);
});

test("Forwarder waits for a dead resolver once in a while, and not each time", async (t) => {
	const firsts = await resolver(t, first);
	await resolver(t, second, honest(second));
	const by = forwarder(first, second);
	const slow = await ask(by);
	assert.equal(slow.said, second);
	assert.ok(slow.ms > 190 && slow.ms < 390, `${slow.ms} ms`);
	for (let n = 0; n < 3; n++) {
		const { said, ms } = await ask(by);
		assert.equal(said, second);
		assert.ok(ms < 190, `${ms} ms`);
	}
	assert.equal(firsts(), 1);
	await sleep(1_100);
	await ask(by);
	assert.equal(firsts(), 2, "it has its place again");
});

test("Forwarder asks the next one at once where nobody listens, or no way leads", async (t) => {
	await resolver(t, third, honest(third));
	const overUdp = await ask(forwarder(first, "255.255.255.255", third));
	assert.equal(overUdp.said, third);
	assert.ok(overUdp.ms < 190, `${overUdp.ms} ms`);
	const overTcp = await ask(forwarder(first, "255.255.255.255"), "tcp");
	assert.equal(overTcp.said, "SERVFAIL");
	assert.ok(overTcp.ms < 190, `${overTcp.ms} ms`);
});

test("Forwarder asks nobody any more when its time is over", async (t) => {
	const warned: string[] = [];
	const note = ({ name }: Error) => void warned.push(name);
	process.on("warning", note);
	t.after(() => process.off("warning", note));
	const [firsts, seconds] = [await resolver(t, first), await resolver(t, second)];
	const by = new Forwarder({ servers: () => [first, second] }, port, { ...times, nextAfterMs: 300, wholeMs: 100 });
	const { said, ms } = await ask(by);
	assert.equal(said, "SERVFAIL");
	assert.ok(ms > 90 && ms < 290, `${ms} ms`);
	assert.deepEqual([firsts(), seconds()], [1, 0]);
	assert.deepEqual(warned, []);
});

test("Forwarder has SERVFAIL before the one who asks gives up", async (t) => {
	for (const server of [first, second, third]) await resolver(t, server);
	const { said, ms } = await ask(forwarder(first, second, third));
	assert.equal(said, "SERVFAIL");
	assert.ok(ms > 700 && ms < 1_000, `${ms} ms`);
});

test("Forwarder asks a lone resolver again when a datagram was lost", async (t) => {
	let heard = 0;
	await resolver(t, first, (...question) => {
		if (++heard === 2) honest(first)(...question);
	});
	const { said, ms } = await ask(forwarder(first));
	assert.equal(said, first);
	assert.ok(ms < 390, `${ms} ms`);
});

test("Forwarder asks another one when a resolver refuses, and else hands on what it said", async (t) => {
	await resolver(t, first, (question, from, socket) =>
		socket.send(reply(question, first, { rcode: 5 }), from.port, from.address),
	);
	await resolver(t, second, honest(second));
	assert.equal((await ask(forwarder(first, second))).said, second);
	assert.equal((await ask(forwarder(first))).said, "REFUSED");
});

test("Forwarder takes no answer that is not to its question", async (t) => {
	const stranger = createSocket("udp4").bind(0, third);
	await once(stranger, "listening");
	t.after(() => stranger.close());
	await resolver(t, first, (question, from, socket) => {
		const lie = reply(question, "6.6.6.6");
		const wrongId = Buffer.from(lie);
		wrongId.writeUInt16BE((lie.readUInt16BE(0) + 1) & 0xffff, 0);
		const notAnAnswer = Buffer.from(lie);
		notAnAnswer.writeUInt8(lie.readUInt8(2) & 0x7f, 2);
		for (const bytes of [wrongId, notAnAnswer, reply(question, "6.6.6.6", { name: "other.org" }), lie.subarray(0, 11)])
			socket.send(bytes, from.port, from.address);
		// All is right with it but who sends it.
		stranger.send(lie, from.port, from.address, () => setTimeout(() => honest(first)(question, from, socket), 50));
	});
	assert.equal((await ask(forwarder(first))).said, first);
});

test("Forwarder asks under ids and from ports that cannot be guessed", async (t) => {
	const seen = new Set<string>();
	await resolver(t, first, (question, from, socket) => {
		seen.add(`id ${question.readUInt16BE(0)}`).add(`port ${from.port}`);
		honest(first)(question, from, socket);
	});
	const by = forwarder(first);
	for (let n = 0; n < 20; n++) await ask(by);
	assert.ok(seen.size > 36, [...seen].join());
});

test("Forwarder asks no more than 2048 resolvers at once", async (t) => {
	await resolver(t, first);
	const by = forwarder(first);
	const before = openSockets();
	const flood = Array.from({ length: 2_100 }, () => by.ask(query(), "udp"));
	const { said, ms } = await ask(by);
	assert.equal(said, "SERVFAIL");
	assert.ok(ms < 190, `${ms} ms`);
	assert.ok(openSockets() - before <= 2_048);
	await Promise.all(flood);
	await sleep(50);
	assert.ok(openSockets() <= before);
});

function openSockets(): number {
	return process.getActiveResourcesInfo().filter((kind) => kind === "UDPWrap").length;
}

test("Forwarder reads an answer over TCP in any pieces", async (t) => {
	const server = createServer((socket) => {
		const frames = new Frames();
		socket.on("error", () => {});
		socket.on("data", (chunk) => {
			frames.push(chunk);
			const question = frames.shift();
			if (question !== undefined)
				for (const [n, byte] of framed(reply(question, first)).entries())
					setTimeout(() => socket.write(Buffer.from([byte])), n);
		});
	}).listen(port, first);
	await once(server, "listening");
	t.after(() => server.close());
	assert.equal((await ask(forwarder(first), "tcp")).said, first);
});
