import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { portHolder, unixHolder } from "./port-holder.ts";

const here = { program: basename(process.execPath), pid: process.pid };

test("portHolder() names the program at a UDP port, of IPv4 or IPv6", async () => {
	for (const type of ["udp4", "udp6"] as const) {
		const socket = createSocket(type).bind(0);
		await once(socket, "listening");
		const { port } = socket.address();
		assert.deepEqual(portHolder("udp", port), here);
		socket.close();
		assert.equal(portHolder("udp", port), undefined);
	}
});

test("portHolder() names the program that listens at a TCP port, not one that is connected from it", async () => {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	assert.deepEqual(portHolder("tcp", port), here);
	assert.equal(portHolder("udp", port), undefined);
	server.close();
	await once(server, "close");
	assert.equal(portHolder("tcp", port), undefined);
});

test("unixHolder() names the program that listens at a path", async () => {
	const folder = mkdtempSync(join(tmpdir(), "weft-holder-"));
	const path = join(folder, "a socket");
	const server = createServer().listen(path);
	await once(server, "listening");
	assert.deepEqual(unixHolder(path), here);
	assert.equal(unixHolder(join(folder, "another")), undefined);
	server.close();
	await once(server, "close");
	assert.equal(unixHolder(path), undefined);
	rmSync(folder, { recursive: true });
});
