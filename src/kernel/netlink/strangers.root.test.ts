import assert from "node:assert/strict";
import { closeSync } from "node:fs";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { messageBytes } from "../../../test/hostile-netlink.ts";
import { needs } from "../../../test/needs.ts";
import { codeOf } from "../errno.ts";
import type { KernelEvent } from "../kernel.ts";
import { bind, sendto, setsockoptInt, socket } from "../libc/socket.ts";
import { openLinuxKernel } from "../linux.ts";
import { createNetns, deleteNetns, inNetns } from "../netns.ts";
import { getLinksRequest } from "./link.ts";
import { AF_NETLINK, netlinkAddress } from "./port-id.ts";
import { RTM_NEWLINK } from "./rtnetlink.ts";
import { NETLINK_ROUTE, NetlinkSocket } from "./socket.ts";
import { SOCK_RAW } from "./socket-options.ts";

/** What a program with CAP_NET_ADMIN in a container's namespace can send, as if it were the kernel. */

const skip = needs("root");
const ns = `wt-${process.pid}-str`;

after(() => {
	if (skip === false) deleteNetns(ns);
});

/** A socket of somebody else in the namespace. */
function withStranger(work: (fd: number) => void): void {
	const fd = inNetns(ns, () => socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	try {
		bind(fd, netlinkAddress(0));
		setsockoptInt(fd, SOL_SOCKET, SO_SNDBUFFORCE, 1 << 20);
		work(fd);
	} finally {
		closeSync(fd);
	}
}

/** @param groups Bits of multicast groups: 1 is LINK. */
function addressOf(portId: number, groups = 0): Buffer {
	const address = netlinkAddress(portId);
	address.writeUInt32LE(groups, 8);
	return address;
}

test("NetlinkSocket takes answers from the kernel alone", { skip }, () => {
	createNetns(ns);
	using asker = NetlinkSocket.open(ns, NETLINK_ROUTE);
	const lie = messageBytes({ type: RTM_NEWLINK, sequence: 1 }, Buffer.alloc(16));
	withStranger((fd) => {
		assert.throws(
			() => sendto(fd, lie, addressOf(asker.portId)),
			(error) => codeOf(error) === "ECONNREFUSED",
		);
	});
	const links = asker.dump(getLinksRequest());
	assert.ok(links.length >= 1, "lo");
	assert.ok(links.every(({ payload }) => payload.readInt32LE(4) !== 0));
});

test("subscribe() hears the kernel alone, whatever others write to its groups", { skip }, async () => {
	createNetns(ns);
	const kernel = openLinuxKernel();
	try {
		kernel.watchNetns(ns);
		const heard: KernelEvent[] = [];
		kernel.subscribe((event) => heard.push(event));
		withStranger((fd) => {
			for (const bytes of [
				Buffer.alloc(4),
				messageBytes({ type: RTM_NEWLINK }, Buffer.alloc(2)),
				messageBytes({ type: RTM_NEWLINK, lie: 5000 }, Buffer.alloc(16)),
				messageBytes({ type: RTM_NEWLINK }, Buffer.alloc(64, 0xff)),
			])
				sendto(fd, bytes, addressOf(0, 1));
		});
		await delay(100);
		assert.deepEqual(
			heard.filter((event) => event.kind === "overrun" || event.ns === ns),
			[],
		);
	} finally {
		kernel.close();
	}
});

test("subscribe() tells of an overrun when more comes than is kept", { skip }, async () => {
	createNetns(ns);
	const kernel = openLinuxKernel();
	try {
		kernel.watchNetns(ns);
		const heard: KernelEvent[] = [];
		kernel.subscribe((event) => heard.push(event));
		withStranger((fd) => {
			const bytes = messageBytes({ type: RTM_NEWLINK }, Buffer.alloc(60_000));
			for (let sent = 0; sent < 3000; sent++) sendto(fd, bytes, addressOf(0, 1));
		});
		for (let waited = 0; heard.length === 0 && waited < 5000; waited += 10) await delay(10);
		assert.ok(heard.some(({ kind }) => kind === "overrun"));
	} finally {
		kernel.close();
	}
});

/** asm-generic/socket.h */
const [SOL_SOCKET, SO_SNDBUFFORCE] = [1, 32];
