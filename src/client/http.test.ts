import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Outgoing, send } from "./http.ts";

const folder = mkdtempSync(join(tmpdir(), "weft-http-"));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

/** @param talk Does what the other side does, once the request has come. */
async function asked(
	talk: (socket: Socket, request: string) => void,
	changes: Partial<Outgoing> = {},
): Promise<{ readonly answer: ReturnType<typeof send>; close(): Promise<unknown> }> {
	const socketPath = join(folder, `${++made}.sock`);
	const server = createServer((socket) => {
		socket.on("error", () => {});
		socket.once("data", (request) => talk(socket, String(request)));
	}).listen(socketPath);
	await once(server, "listening");
	const plain = { method: "GET", path: "/", timeoutMs: 5_000, onTimeout: () => new Error("too late") };
	const answer = send({ socketPath, ...plain, ...changes });
	answer.catch(() => {});
	return { answer, close: () => once(server.close(), "close") };
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
	let text = "";
	for await (const chunk of body) text += String(chunk);
	return text;
}

test("send() sends what a server needs, and nothing else", async () => {
	const requests: string[] = [];
	const note = (socket: Socket, request: string) => {
		requests.push(request);
		socket.end("HTTP/1.1 204 No Content\r\n\r\n");
	};
	for (const changes of [{ path: "/v1/x?a=1" }, { method: "POST", body: '{"name":"größe"}' }]) {
		const { answer, close } = await asked(note, changes);
		const { status, body, destroy } = await answer;
		assert.deepEqual([status, await textOf(body)], [204, ""]);
		destroy();
		await close();
	}
	assert.deepEqual(requests, [
		"GET /v1/x?a=1 HTTP/1.1\r\nhost: weft\r\nconnection: close\r\n\r\n",
		'POST / HTTP/1.1\r\nhost: weft\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\r\n{"name":"größe"}',
	]);
});

test("send() passes over answers that come before the answer", async () => {
	const { answer, close } = await asked((socket) =>
		socket.end("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
	);
	const { status, body, destroy } = await answer;
	assert.deepEqual([status, await textOf(body)], [200, "hi"]);
	destroy();
	await close();
});

test("send() ends with its signal: before the answer, and amid it", async () => {
	for (const head of ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"]) {
		const ending = new AbortController();
		const { answer, close } = await asked((socket) => socket.write(head), { signal: ending.signal });
		setTimeout(() => ending.abort(), 50);
		await assert.rejects(
			answer.then(({ body }) => textOf(body)),
			{ message: "aborted" },
		);
		await close();
	}
	const over = AbortSignal.abort();
	const { answer, close } = await asked(() => assert.fail("it was sent"), { signal: over });
	await assert.rejects(answer, { message: "aborted" });
	await close();
});

test("send() waits for the answer's begin so long, and for its end as long as it takes", async () => {
	const mute = await asked(() => {}, { timeoutMs: 50 });
	await assert.rejects(mute.answer, { message: "too late" });
	await mute.close();
	const slow = await asked(
		(socket) => {
			socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na");
			setTimeout(() => socket.end("b"), 150);
		},
		{ timeoutMs: 50 },
	);
	assert.equal(await textOf((await slow.answer).body), "ab");
	await slow.close();
});

test("send() fails with the system's own error where nobody listens", async () => {
	const nowhere = { method: "GET", path: "/", timeoutMs: 50, onTimeout: () => new Error("too late") };
	await assert.rejects(send({ ...nowhere, socketPath: join(folder, "none") }), { code: "ENOENT" });
	await assert.rejects(send({ ...nowhere, socketPath: folder }), { code: "ECONNREFUSED" });
});

test("a body that is not read to its end lets the connection go", async () => {
	const { promise: gone, resolve } = Promise.withResolvers<void>();
	const { answer, close } = await asked((socket) => {
		socket.on("close", () => resolve());
		socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n`);
	});
	for await (const chunk of (await answer).body) {
		assert.equal(String(chunk), "a");
		break;
	}
	(await answer).destroy();
	await gone;
	await close();
});
