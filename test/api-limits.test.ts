import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { EventBus } from "../src/agent/event-bus.ts";
import { serveApi } from "../src/api/serve.ts";
import type { ErrorBody } from "../src/model/error.ts";
import { MemoryService } from "./memory-service.ts";

/** Callers who want too much, and whether the others are still served. */

class BusyService extends MemoryService {
	readonly bus = new EventBus();
	override events = (signal: AbortSignal) => this.bus.listen(signal);
}

const folder = mkdtempSync(join(tmpdir(), "weft-limits-"));
const socketPath = join(folder, "weft.sock");
const service = new BusyService();
const limits = { headersTimeoutMs: 300, requestTimeoutMs: 600, connections: 300 };
const server = await serveApi(service, { socketPath, limits });
/** With the limits that an agent has. */
const usualPath = join(folder, "usual.sock");
const usual = await serveApi(service, { socketPath: usualPath });
const open: Socket[] = [];

after(async () => {
	await server.close();
	await usual.close();
	rmSync(folder, { recursive: true });
});

function caller(bytes = "", path = socketPath): Socket {
	const socket = connect(path);
	// It is closed on some of them.
	socket.on("error", () => {});
	socket.write(bytes);
	open.push(socket);
	return socket;
}

/** Whatever goes wrong before: once() would throw it. */
function closed(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		if (socket.closed) resolve();
		else socket.once("close", () => resolve());
	});
}

async function closeAll(): Promise<void> {
	for (const socket of open.splice(0)) await closed(socket.destroy());
	await delay(50);
}

/** @returns All that came until the other side closed. */
async function answerTo(socket: Socket): Promise<string> {
	let said = "";
	socket.on("data", (chunk) => {
		said += String(chunk);
	});
	await closed(socket);
	return said;
}

const status = "GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n";

async function assertServed(path = socketPath): Promise<void> {
	const begun = performance.now();
	assert.match(await answerTo(caller(status, path)), /^HTTP\/1\.1 200 OK/);
	assert.ok(performance.now() - begun < 2000, "within 2 s");
}

function heapMiB(): number {
	globalThis.gc?.();
	const { heapUsed, external, arrayBuffers } = process.memoryUsage();
	return (heapUsed + external + arrayBuffers) / 2 ** 20;
}

test("streams of events by the hundred that are never read cost little, and hold up nobody", async () => {
	const before = heapMiB();
	for (let n = 0; n < 200; n++) {
		const stream = caller("GET /v1/events HTTP/1.1\r\n\r\n");
		stream.pause();
	}
	const reader = caller("GET /v1/events HTTP/1.1\r\n\r\n");
	let heard = 0;
	reader.on("data", (chunk) => {
		heard += String(chunk).split("last-of-all").length - 1;
	});
	await once(reader, "data");
	await delay(200);
	const event = { type: "network", action: "create", id: "a", attributes: { text: "x".repeat(1000) } } as const;
	for (let round = 0; round < 40; round++) {
		for (let n = 0; n < 500; n++) service.bus.emit({ ...event, name: `n${round}.${n}` });
		await delay(1);
	}
	service.bus.emit({ ...event, name: "last-of-all" });
	await assertServed();
	const grown = heapMiB() - before;
	assert.ok(grown < 150, `${grown.toFixed(0)} MiB more, of 20,000 events of 1 KB for each of 200`);
	for (let waited = 0; heard === 0 && waited < 10_000; waited += 20) await delay(20);
	assert.equal(heard, 1, "who reads, hears");
	await closeAll();
});

test("requests by the thousand in one connection that is not read cost little, and are all answered in order", async () => {
	const before = heapMiB();
	const one = "GET /v1/networks/none HTTP/1.1\r\n\r\n";
	const greedy = caller(one.repeat(20_000) + status, usualPath);
	greedy.pause();
	await delay(500);
	await assertServed(usualPath);
	const grown = heapMiB() - before;
	assert.ok(grown < 100, `${grown.toFixed(0)} MiB more`);
	greedy.resume();
	const said = await answerTo(greedy);
	assert.equal(said.split("HTTP/1.1 404 ").length - 1, 20_000);
	assert.match(said.slice(said.lastIndexOf("HTTP/1.1 ")), /^HTTP\/1\.1 200 /);
	await closeAll();
});

for (const [what, begun] of [
	["nothing", ""],
	["half a first line", "GET /v1/sta"],
	["headers without an end", "GET /v1/status HTTP/1.1\r\nA: b\r\n"],
	[
		"a body without an end",
		'POST /v1/networks HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name":',
	],
] as const)
	test(`serveApi() ends connections that say ${what}, however slowly they go on`, async () => {
		const slow = Array.from({ length: 50 }, () => caller(begun));
		const answers = slow.map(answerTo);
		const drip = setInterval(() => {
			for (const socket of slow) if (begun !== "" && socket.writable) socket.write("x");
		}, 50);
		await assertServed();
		const said = await Promise.race([Promise.all(answers), delay(6000)]);
		clearInterval(drip);
		assert.ok(said !== undefined, "closed within 6 s");
		for (const one of said) {
			const body = JSON.parse(/\{.*\}/s.exec(one)?.[0] ?? "{}") as Partial<ErrorBody>;
			assert.match(body.message ?? "", /did not come to its end in time/, one);
		}
		await closeAll();
	});

test("serveApi() closes connections beyond its number at once, and has room again when others go", async () => {
	const many = Array.from({ length: limits.connections + 50 }, () => caller("GET /v1/events HTTP/1.1\r\n\r\n"));
	for (const socket of many) socket.resume();
	for (let waited = 0; many.filter(({ closed }) => closed).length < 50 && waited < 5000; waited += 10) await delay(10);
	assert.equal(many.filter(({ closed }) => closed).length, 50);
	await closeAll();
	await assertServed();
});

test("serveApi() takes headers by the hundred, and refuses them by the thousand", async () => {
	const flood = caller(`GET /v1/status HTTP/1.1\r\n${"a: b\r\n".repeat(10_000)}\r\n`);
	assert.match(await answerTo(flood), /^HTTP\/1\.1 400 .*headers are too long/s);
	const short = `GET /v1/status HTTP/1.1\r\nConnection: close\r\n${Array.from({ length: 500 }, (_, n) => `a${n}: b\r\n`).join("")}\r\n`;
	assert.match(await answerTo(caller(short)), /^HTTP\/1\.1 200 OK/);
	await closeAll();
});
