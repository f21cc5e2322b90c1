import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { needs } from "../../test/needs.ts";
import { ipv4 } from "../model/address.ts";
import { RawUdp } from "./raw-udp.ts";

const skip = needs("root");
const port = 30_000 + (process.pid % 20_000);
const here = ipv4("127.0.0.1");
const headOf = (mark: string) => Buffer.from(`\0\0\0\0${mark}`.padEnd(16, "."));

test("RawUdp sends and hears at a port that another has, and hears its own head only", { skip }, async () => {
	const owner = createSocket("udp4").bind(port, here);
	await once(owner, "listening");
	const heard: [string, number][] = [];
	const [a, b] = ["a", "b"].map(
		(mark, i) =>
			new RawUdp({
				port,
				sourcePort: port - 1 - i,
				head: headOf(mark),
				onPacket: (from, totalBytes) => {
					assert.equal(from, here);
					heard.push([mark, totalBytes]);
				},
			}),
	);
	try {
		assert.ok(a?.send(here, 0));
		assert.ok(b?.send(here, 1_400));
		owner.send("other", port, here);
		await once(owner, "message");
		await new Promise((resolve) => setTimeout(resolve, 50));
		assert.equal(heard.length, 2);
		assert.deepEqual(
			new Map(heard),
			new Map([
				["a", 44],
				["b", 1_400],
			]),
		);
	} finally {
		a?.close();
		b?.close();
		owner.close();
	}
});

test("RawUdp.send() tells that the kernel did not take it", { skip }, () => {
	const socket = new RawUdp({ port, sourcePort: port - 1, head: headOf("c"), onPacket: () => {} });
	// A broadcast that nobody allowed (SO_BROADCAST): EACCES.
	assert.equal(socket.send(ipv4("255.255.255.255"), 100), false);
	socket.close();
});
