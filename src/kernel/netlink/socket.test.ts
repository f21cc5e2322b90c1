import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import fc from "fast-check";
import {
	attributes,
	hostileDatagram,
	hostileMessage,
	messageBytes,
	ScriptedTransport,
} from "../../../test/hostile-netlink.ts";
import { checkConversation, conversation } from "../../../test/netlink-replies.ts";
import { Errno } from "../errno.ts";
import { ifindexOf, kindOf, LinkMemory } from "../linux/classify.ts";
import { readExpr } from "../nft/expr-attributes.ts";
import { observeNft } from "../nft/observe.ts";
import { dumpRules } from "../nft/rule.ts";
import { readAddr } from "./addr.ts";
import { readLink } from "./link-read.ts";
import { type Message, MessageWriter, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, type Request } from "./message.ts";
import { isLearnt, readFdb, readNeigh } from "./neigh.ts";
import { readNsid } from "./nsid.ts";
import { isKernelRoute, readRoute } from "./route.ts";
import { RTM_GETADDR, RTM_GETLINK, RTM_NEWADDR } from "./rtnetlink.ts";
import { NetlinkSocket } from "./socket.ts";

const timedOut = new Errno("recv", constants.errno.ETIMEDOUT);
const ask = () => new MessageWriter(RTM_GETADDR).u32(0).u32(0).finish();

function scripted(...datagrams: (Buffer | Error)[]) {
	const transport = new ScriptedTransport(datagrams, timedOut);
	return { transport, socket: new NetlinkSocket(transport) };
}

function address(sequence: number, index: number, flags = 0): Buffer {
	const payload = Buffer.alloc(8);
	payload.writeUInt32LE(index, 4);
	return messageBytes({ type: RTM_NEWADDR, sequence, flags }, payload);
}

function status(type: number, sequence: number, errno: number, rest = Buffer.alloc(0), flags = 0): Buffer {
	const number = Buffer.alloc(4);
	number.writeInt32LE(-errno);
	return messageBytes({ type, sequence, flags }, Buffer.concat([number, rest]));
}

const done = (sequence: number, errno = 0, flags = 0) => status(NLMSG_DONE, sequence, errno, undefined, flags);
const ack = (sequence: number, errno = 0) => status(NLMSG_ERROR, sequence, errno, Buffer.alloc(16));
const indexes = (messages: readonly (Message | Errno)[]) =>
	messages.map((one) => (one instanceof Errno ? one.code : one.payload.readUInt32LE(4)));

test("dump() asks again when something changed under it, five times at most", () => {
	const interrupted = (sequence: number) => address(sequence, sequence, NLM_F_DUMP_INTR);
	const twice = scripted(Buffer.concat([interrupted(1), address(1, 9), done(1)]), address(2, 2), done(2));
	assert.deepEqual(indexes(twice.socket.dump(ask())), [2]);
	assert.equal(twice.transport.sent.length, 2);
	const atEnd = scripted(address(1, 1), done(1, 0, NLM_F_DUMP_INTR), address(2, 2), done(2));
	assert.deepEqual(indexes(atEnd.socket.dump(ask())), [2], "also when only its end says so");
	const always = scripted(...[1, 2, 3, 4, 5, 6].map((n) => Buffer.concat([interrupted(n), done(n)])));
	assert.deepEqual(indexes(always.socket.dump(ask())), [5], "what was read last: the change makes an event of its own");
});

test("dump() gives nothing rather than a part", () => {
	const { EBUSY, EPERM, ENOBUFS } = constants.errno;
	assert.throws(() => scripted(address(1, 1), done(1, EBUSY)).socket.dump(ask()), { code: "EBUSY" });
	assert.throws(() => scripted(address(1, 1), ack(1, EPERM)).socket.dump(ask()), { code: "EPERM" });
	assert.throws(() => scripted(address(1, 1)).socket.dump(ask()), { code: "ETIMEDOUT" });
	assert.throws(() => scripted(address(1, 1), new Errno("recv", ENOBUFS)).socket.dump(ask()), { code: "ENOBUFS" });
	const cut = Buffer.concat([address(1, 1), address(1, 2)]).subarray(0, -4);
	assert.throws(() => scripted(cut, done(1)).socket.dump(ask()), { code: "EBADMSG" });
	assert.throws(() => scripted(Buffer.alloc(3), done(1)).socket.dump(ask()), { code: "EBADMSG" });
});

test("NetlinkSocket passes over answers to others, and netlink's own messages", () => {
	const noise = Buffer.concat([
		address(7, 7),
		done(6),
		ack(9, 1),
		messageBytes({ type: 1, sequence: 1 }, Buffer.alloc(0)),
	]);
	const { socket } = scripted(noise, address(1, 1), noise, done(1), noise, ack(2));
	assert.deepEqual(indexes(socket.dump(ask())), [1]);
	assert.deepEqual(socket.request([ask()]), [undefined]);
});

test("NetlinkSocket does not wait for ever for an answer among other things", (context) => {
	context.mock.timers.enable({ apis: ["Date"] });
	let now = 0;
	context.mock.method(performance, "now", () => (now += 1000));
	const endless = new NetlinkSocket({ portId: 7, send() {}, receive: () => address(99, 1), close() {} });
	assert.throws(() => endless.dump(ask()), { code: "ETIMEDOUT" });
	assert.throws(() => endless.getMany([ask()]), { code: "ETIMEDOUT" });
	assert.equal(endless.request([ask()])[0]?.code, "ETIMEDOUT");
});

test("getMany() gives an entry for each request, whatever it was answered with", () => {
	const replies = scripted(
		Buffer.concat([address(1, 5), ack(2, constants.errno.ENODEV)]),
		ack(3),
		done(4),
		address(5, 6),
	);
	const requests = Array.from({ length: 5 }, ask);
	assert.deepEqual(indexes(replies.socket.getMany(requests)), [5, "ENODEV", "ENODATA", "ENODATA", 6]);
	assert.throws(() => scripted().socket.get(ask()), { code: "ETIMEDOUT" });
});

test("request() says of each message what it was refused with, in the kernel's words where they can be read", () => {
	const text = new MessageWriter(0).attributeString(1, "no such device").finish().subarray(16);
	const withText = (rest: Buffer, flags: number) =>
		status(NLMSG_ERROR, 1, constants.errno.ENODEV, Buffer.concat([Buffer.alloc(16), rest]), flags);
	const [told] = scripted(withText(text, 0x200)).socket.request([ask()]);
	assert.equal(told?.detail, "no such device");
	for (const cut of [text.subarray(0, 3), text.subarray(0, 9), Buffer.alloc(40, 0xff)]) {
		const [error] = scripted(withText(cut, 0x200)).socket.request([ask()]);
		assert.deepEqual([error?.code, error?.detail], ["ENODEV", undefined]);
	}
	const lost = scripted(ack(1), Buffer.alloc(5)).socket.request([ask(), ask()]);
	assert.deepEqual(
		lost.map((error) => error?.code),
		["EBADMSG", "EBADMSG"],
		"not known whether they were done",
	);
});

/** What a caller is told, and nothing else. */
function onlyErrno<T>(work: () => T): T | Errno {
	try {
		return work();
	} catch (error) {
		if (error instanceof Errno) return error;
		throw error;
	}
}

test("NetlinkSocket bears any answers: an object, or an Errno", () => {
	fc.assert(
		fc.property(fc.array(hostileDatagram, { maxLength: 6 }), (datagrams) => {
			const fresh = () => scripted(...datagrams).socket;
			const requests = (): Request[] => [ask(), new MessageWriter(RTM_GETLINK).u32(0).finish()];
			onlyErrno(() => fresh().dump(ask()));
			assert.equal(fresh().request(requests()).length, 2);
			const many = onlyErrno(() => fresh().getMany(requests()));
			if (!(many instanceof Errno)) assert.equal(many.length, 2);
			onlyErrno(() => dumpRules(fresh()));
			onlyErrno(() => observeNft(fresh(), "ns", "host"));
		}),
		{ numRuns: 1000 },
	);
});

test("the readers of rtnetlink bear any message, and give nothing that is no value", () => {
	const wellFormed = /^(\d{1,3}\.){3}\d{1,3}\/([0-9]|[12][0-9]|3[0-2])$/;
	const readers: Readonly<Record<string, (message: Message) => void>> = {
		link: (message) => {
			readLink(message);
			new LinkMemory().note(1, message);
		},
		addr: (message) => assert.match(readAddr(message)?.address ?? "0.0.0.0/0", wellFormed),
		route: (message) => {
			isKernelRoute(message);
			assert.match(readRoute(message)?.dst ?? "0.0.0.0/0", wellFormed);
		},
		neigh: (message) => {
			isLearnt(message);
			assert.match(readNeigh(message)?.mac ?? readFdb(message)?.mac ?? "", /^(([0-9a-f]{2}:){5}[0-9a-f]{2})?$/);
		},
	};
	fc.assert(
		fc.property(hostileMessage, (message) => {
			const kind = kindOf(message);
			readNsid(message);
			if (kind === undefined) return;
			readers[kind]?.(message);
			ifindexOf(message);
		}),
		{ numRuns: 3000 },
	);
});

test("the readers of nf_tables bear any objects", () => {
	const held = fc.array(fc.tuple(fc.constantFrom(0, 3, 6, 9, 12, 15), fc.constantFrom(1, 2, 7), attributes), {
		maxLength: 4,
	});
	fc.assert(
		fc.property(held, (objects) => {
			const dump = (sequence: number) =>
				Buffer.concat([
					...objects.map(([type, family, rest]) =>
						messageBytes({ type: 0x0a00 | type, sequence }, Buffer.concat([Buffer.from([family, 0, 0, 0]), rest])),
					),
					done(sequence),
				]);
			const answers = Array.from({ length: 60 }, (_, i) => dump(i + 1));
			onlyErrno(() => observeNft(scripted(...answers).socket, "ns", "host"));
			for (const [, , rest] of objects) readExpr(rest);
		}),
		{ numRuns: 1000 },
	);
});

test("a conversation with a kernel that has gone mad ends, and nothing beyond a datagram plays a part in it", () => {
	fc.assert(fc.property(conversation, checkConversation), { numRuns: 1000 });
});
