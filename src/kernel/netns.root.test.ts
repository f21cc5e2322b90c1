import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { needs } from "../../test/needs.ts";
import { ipv4 } from "../model/address.ts";
import { isWeftError } from "../model/error.ts";
import { hostNetns } from "../model/kernel-state.ts";
import { codeOf } from "./errno.ts";
import { setLinkRequest } from "./netlink/link.ts";
import { NETLINK_ROUTE, NetlinkSocket } from "./netlink/socket.ts";
import { createNetns, deleteNetns, inNetns, listNetns, listOwnNetns, netnsCookie, netnsFolder } from "./netns.ts";
import { tcpListenerIn, udpSocketIn } from "./sockets.ts";

const skip = needs("root");
const [name, other] = [`wt-${process.pid}-n1`, `wt-${process.pid}-n2`];

after(() => {
	if (skip === false) for (const made of [name, other]) deleteNetns(made);
});

const notFound = (error: unknown) => isWeftError(error, "NETNS_NOT_FOUND");

test("createNetns() pins a namespace of its own under its name, once", { skip }, () => {
	createNetns(name);
	const cookie = netnsCookie(name);
	createNetns(name);
	assert.equal(netnsCookie(name), cookie);
	assert.notEqual(cookie, netnsCookie(hostNetns));
	assert.ok(listNetns().includes(name));
});

test("createNetns() takes a file that was left behind for what it is", { skip }, () => {
	writeFileSync(`${netnsFolder}/${other}`, "");
	assert.ok(!listNetns().includes(other));
	assert.throws(() => netnsCookie(other), notFound);
	createNetns(other);
	assert.ok(listNetns().includes(other));
});

test("deleteNetns() leaves nothing, and does not mind what is gone", { skip }, () => {
	deleteNetns(other);
	deleteNetns(other);
	writeFileSync(`${netnsFolder}/${other}`, "");
	deleteNetns(other);
	assert.ok(!existsSync(`${netnsFolder}/${other}`));
});

test("inNetns() comes back whatever happens", { skip }, () => {
	const own = netnsCookie(hostNetns);
	assert.notEqual(
		inNetns(name, () => netnsCookie(hostNetns)),
		own,
	);
	assert.throws(
		() =>
			inNetns(name, () => {
				throw new RangeError("inside");
			}),
		RangeError,
	);
	assert.equal(netnsCookie(hostNetns), own);
});

test("inNetns() refuses what is no network namespace", { skip }, () => {
	const file = `/tmp/wt-${process.pid}`;
	writeFileSync(file, "");
	for (const ref of ["none", "/proc/0/ns/net", file, "/proc/self/ns/mnt"]) {
		assert.throws(() => inNetns(ref, () => 0), notFound, ref);
	}
	unlinkSync(file);
});

test("udpSocketIn() and tcpListenerIn() are served from the main loop", { skip }, async () => {
	createNetns(name);
	using socket = NetlinkSocket.open(name, NETLINK_ROUTE);
	const [address, port] = [ipv4("127.0.0.11"), 53];
	// The kernel would bind it, and answer from another address for ever.
	assert.throws(
		() => udpSocketIn(name, address, port),
		(error) => codeOf(error) === "ENETUNREACH",
	);
	socket.change(setLinkRequest("lo", { up: true }));
	const server = createSocket("udp4").bind({ fd: udpSocketIn(name, address, port) });
	const listener = createServer().listen({ fd: tcpListenerIn(name, address, port, 16) });
	// A UDP socket that is bound by its descriptor listens at once.
	await once(listener, "listening");
	assert.throws(
		() => udpSocketIn(name, address, port),
		(error) => codeOf(error) === "EADDRINUSE",
	);
	const client = createSocket("udp4").bind({ fd: udpSocketIn(name, ipv4("127.0.0.1"), 0) });
	client.send("ping", port, address);
	const [text, from] = (await once(server, "message")) as [Buffer, { address: string; port: number }];
	assert.equal(String(text), "ping");
	assert.equal(from.address, "127.0.0.1");
	server.send("pong", from.port, from.address);
	const [, answerer] = (await once(client, "message")) as [Buffer, { address: string }];
	assert.equal(answerer.address, address);
	for (const open of [client, server, listener]) open.close();
});

test("NetlinkSocket names what was refused in the kernel's own words, and goes on", { skip }, () => {
	using socket = NetlinkSocket.open(name, NETLINK_ROUTE);
	const errors = socket.request([
		setLinkRequest("none", { up: true }),
		setLinkRequest("lo", { up: false }),
		setLinkRequest("lo", { mtuBytes: 1 << 30, up: true }),
		setLinkRequest("lo", { up: true }),
	]);
	assert.deepEqual(
		errors.map((error) => error?.code),
		["ENODEV", undefined, undefined, undefined],
	);
});

test("listOwnNetns() takes away what a maker that was killed left, and no namespace", { skip }, () => {
	const [pinned, left, foreign] = [`wo-${process.pid}-p`, `wo-${process.pid}-l`, `wx-${process.pid}`];
	createNetns(pinned);
	for (const name of [left, foreign]) writeFileSync(`${netnsFolder}/${name}`, "");
	try {
		assert.deepEqual(
			listOwnNetns((name) => name.startsWith(`wo-${process.pid}-`)),
			[pinned],
		);
		assert.ok(!existsSync(`${netnsFolder}/${left}`));
		assert.ok(existsSync(`${netnsFolder}/${foreign}`));
	} finally {
		deleteNetns(pinned);
		rmSync(`${netnsFolder}/${foreign}`);
	}
});
