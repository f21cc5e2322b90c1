import assert from "node:assert/strict";
import { constants } from "node:os";
import fc from "fast-check";
import { Errno } from "../src/kernel/errno.ts";
import { readAddr, replaceAddrRequest } from "../src/kernel/netlink/addr.ts";
import { readLink } from "../src/kernel/netlink/link-read.ts";
import { type Message, MessageWriter, NLMSG_DONE, NLMSG_ERROR } from "../src/kernel/netlink/message.ts";
import { readFdb, readNeigh, replaceFdbRequest, replaceNeighRequest } from "../src/kernel/netlink/neigh.ts";
import { readNsid } from "../src/kernel/netlink/nsid.ts";
import { readRoute, replaceRouteRequest } from "../src/kernel/netlink/route.ts";
import { RTM_GETLINK, RTM_NEWLINK } from "../src/kernel/netlink/rtnetlink.ts";
import { NetlinkSocket } from "../src/kernel/netlink/socket.ts";
import { observeNft } from "../src/kernel/nft/observe.ts";
import { ipv4FromNumber, macOf } from "../src/model/address.ts";
import { type Cidr, networkOf } from "../src/model/prefix.ts";
import { attributes, hostileMessage, messageBytes, ScriptedTransport } from "./hostile-netlink.ts";

/** One thing of a conversation: a datagram, or the error of receiving it. */
type Reply = Buffer | Errno;

const address = fc.nat(0xffffffff).map(ipv4FromNumber);
const index = fc.integer({ min: 1, max: 50 });

function link(ifindex: number, name: string): Buffer {
	return new MessageWriter(RTM_NEWLINK)
		.u8(0)
		.u8(0)
		.u16(1)
		.u32(ifindex)
		.u32(1)
		.u32(0)
		.attributeString(3, name)
		.attributeU32(4, 1450)
		.nest(18, (info) => info.attributeString(1, "vxlan").nest(2, (data) => data.attributeU32(1, 256)))
		.finish();
}

/** Objects as the kernel tells them: their bodies are those of the requests that make them. */
const object: fc.Arbitrary<Buffer> = fc.oneof(
	fc.tuple(index, fc.constantFrom("br0", "vxlan1", "veth0")).map(([n, name]) => link(n, name)),
	fc.tuple(index, address).map(([n, one]) => replaceAddrRequest(n, `${one}/24` as Cidr)),
	fc
		.tuple(index, address, address)
		.map(([n, one, via]) => replaceRouteRequest({ ifindex: n, dst: networkOf(one, 24), via })),
	fc.tuple(index, address).map(([n, one]) => replaceNeighRequest({ ifindex: n, address: one, mac: macOf(one) })),
	fc.tuple(index, address).map(([n, one]) => replaceFdbRequest({ ifindex: n, mac: macOf(one), dst: one })),
);

/** @returns The object as it stands in the answer to request 1, with attributes behind it that weft does not know. */
function inAnswer(request: Buffer, foreign: Buffer): Buffer {
	const type = request.readUInt16LE(4);
	return messageBytes({ type, sequence: 1, flags: 2 }, Buffer.concat([request.subarray(16), foreign]));
}

/** NLMSG_ERROR and NLMSG_DONE, with an extended acknowledgement (NLM_F_CAPPED | NLM_F_ACK_TLVS) of any form. */
const end: fc.Arbitrary<Buffer> = fc
	.record({
		type: fc.constantFrom(NLMSG_ERROR, NLMSG_DONE, NLMSG_DONE, NLMSG_DONE),
		errno: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer()),
		text: fc.oneof(
			attributes,
			fc.string().map((words) => new MessageWriter(0).attributeString(1, words).finish().subarray(16)),
		),
		flags: fc.constantFrom(0, 0x200, 0x300, 0x302, 0x312),
	})
	.map(({ type, errno, text, flags }) => {
		const number = Buffer.alloc(4);
		number.writeInt32LE(errno);
		const head = type === NLMSG_ERROR ? Buffer.alloc(16) : Buffer.alloc(0);
		return messageBytes({ type, sequence: 1, flags }, Buffer.concat([number, head, text]));
	});

const { ENOBUFS, EINTR, EMSGSIZE, EIO } = constants.errno;
const noForeign = Buffer.alloc(0);

/** What is said to a dump: objects and an end, of which some are cut, some hostile, some lost. */
export const conversation: fc.Arbitrary<Reply[]> = fc
	.tuple(
		fc.array(
			fc.oneof(
				{ weight: 8, arbitrary: fc.tuple(object, fc.constant(noForeign)).map(([one, rest]) => inAnswer(one, rest)) },
				{ weight: 3, arbitrary: fc.tuple(object, attributes).map(([one, rest]) => inAnswer(one, rest)) },
				{
					weight: 2,
					arbitrary: hostileMessage.map(({ type, payload }) => messageBytes({ type, sequence: 1 }, payload)),
				},
				{ weight: 1, arbitrary: fc.nat(9).map((sequence) => messageBytes({ type: 20, sequence }, Buffer.alloc(8))) },
			),
			{ maxLength: 8 },
		),
		end,
		fc.option(fc.record({ at: fc.nat(8), keep: fc.nat(120) }), { freq: 3 }),
		fc.option(fc.record({ at: fc.nat(8), errno: fc.constantFrom(ENOBUFS, EINTR, EMSGSIZE, EIO) }), { freq: 4 }),
		fc.boolean(),
	)
	.map(([objects, last, cut, lost, asOne]) => {
		const all: Reply[] = asOne ? [Buffer.concat([...objects, last])] : [...objects, last];
		const cutAt = all[(cut?.at ?? 0) % all.length];
		if (cut !== null && cutAt instanceof Buffer) all[cut.at % all.length] = cutAt.subarray(0, cut.keep);
		if (lost !== null) all.splice(lost.at % all.length, 0, new Errno("recv", lost.errno));
		return all;
	});

/** In the middle of other bytes: what is read beyond its end is theirs. */
function among(reply: Reply, filling: number): Reply {
	if (reply instanceof Errno) return reply;
	const around = Buffer.alloc(reply.length + 256, filling);
	reply.copy(around, 128);
	return around.subarray(128, 128 + reply.length);
}

const timedOut = new Errno("recv", constants.errno.ETIMEDOUT);

/** What a caller gets: values, or the code of an {@link Errno}. Any other error is the fault that is looked for. */
function outcome(work: (socket: NetlinkSocket) => unknown, replies: readonly Reply[], filling: number): string {
	const transport = new ScriptedTransport(
		replies.map((reply) => among(reply, filling)),
		timedOut,
	);
	try {
		return JSON.stringify(work(new NetlinkSocket(transport)));
	} catch (error) {
		if (error instanceof Errno) return error.message;
		throw error;
	}
}

const ask = () => new MessageWriter(RTM_GETLINK).u32(0).u32(0).u32(0).u32(0).finish();
const readers: ReadonlyMap<number, readonly ((message: Message) => unknown)[]> = new Map([
	[16, [readLink]],
	[20, [readAddr]],
	[24, [readRoute]],
	[28, [readNeigh, readFdb]],
	[88, [readNsid]],
]);

const conversations: readonly ((socket: NetlinkSocket) => unknown)[] = [
	(socket) =>
		socket.dump(ask()).map((message) => (readers.get(message.type & ~3) ?? []).map((read) => read(message) ?? null)),
	(socket) => socket.request([ask(), ask()]).map((error) => error?.message ?? null),
	(socket) => socket.getMany([ask()]).map((one) => (one instanceof Errno ? one.message : [...one.payload])),
	(socket) => observeNft(socket, "ns", "host"),
];

/** Whether the end of dump 1 may be in it. */
function isEnd(reply: Reply): boolean {
	return reply instanceof Buffer && [NLMSG_DONE, NLMSG_ERROR].some((type) => reply.includes(Buffer.from([type, 0])));
}

/**
 * A conversation with a kernel that has gone mad ends, in values or in an Errno; nothing beyond the end of a datagram plays a
 * part in it; and a dump whose end was not heard gives nothing.
 */
export function checkConversation(replies: readonly Reply[]): void {
	for (const one of conversations) {
		const began = performance.now();
		const said = outcome(one, replies, 0x00);
		assert.equal(outcome(one, replies, 0xff), said, "it depends on what stands around it");
		assert.ok(performance.now() - began < 5_000, "it takes seconds");
	}
	if (!replies.some(isEnd))
		assert.match(
			outcome((socket) => socket.dump(ask()), replies, 0),
			/: E|: errno/,
		);
}
