import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { test } from "node:test";
import { encode } from "dns-packet";
import { freePort } from "../../test/free-port.ts";
import { smallPicture } from "../../test/hostile-dns.ts";
import { needs } from "../../test/needs.ts";
import { failure } from "../dns/answer.ts";
import { sendto, socket } from "../kernel/libc/socket.ts";
import { sockaddrIn, tcpListenerIn, udpSocketIn } from "../kernel/sockets.ts";
import { ipv4 } from "../model/address.ts";
import { hostNetns } from "../model/kernel-state.ts";
import { SandboxServer } from "./sandbox-server.ts";

const skip = needs("root");
/** bits/socket.h, netinet/in.h */
const [AF_INET, SOCK_RAW, IPPROTO_UDP] = [2, 3, 17];
const address = ipv4("127.0.0.1");

/** RFC 768: source port, destination port, length, and a checksum that was not computed. */
function datagram(fromPort: number, toPort: number, data: Buffer): Buffer {
	const header = Buffer.alloc(8);
	header.writeUInt16BE(fromPort, 0);
	header.writeUInt16BE(toPort, 2);
	header.writeUInt16BE(header.length + data.length, 4);
	return Buffer.concat([header, data]);
}

test("SandboxServer bears questions from port 0, which no answer can be sent to", { skip }, async (t) => {
	const port = await freePort(address);
	const server = new SandboxServer(
		hostNetns,
		"s1",
		smallPicture(),
		{ ask: (message) => Promise.resolve(failure(message)) },
		{
			udp: () => udpSocketIn(hostNetns, address, port),
			tcp: () => tcpListenerIn(hostNetns, address, port, 1),
			cookie: () => "1",
		},
	);
	t.after(() => server.close());
	const raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	t.after(() => closeSync(raw));
	for (const name of ["a", "example.org"]) {
		const question = encode({ type: "query", id: 7, questions: [{ type: "A", name, class: "IN" }] });
		sendto(raw, datagram(0, port, question), sockaddrIn(address, 0));
	}
	const client = createSocket("udp4");
	t.after(() => client.close());
	client.send(encode({ type: "query", id: 8, questions: [{ type: "A", name: "a", class: "IN" }] }), port, address);
	const [reply] = (await once(client, "message")) as [Buffer];
	assert.equal(reply.readUInt16BE(0), 8);
});
