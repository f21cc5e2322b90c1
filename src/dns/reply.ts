import { type Ipv4, ipv4ToNumber } from "../model/address.ts";
import { headerBytes, largestMessageBytes, pointerMark, recordClass, recordTailBytes, recordType } from "./format.ts";
import type { Query } from "./query.ts";

/** What a reply says of the name that was asked for. */
export type Records =
	| { readonly type: "A"; readonly addresses: readonly Ipv4[] }
	| { readonly type: "PTR"; readonly name: string };

export const noRecords: Records = { type: "A", addresses: [] };

export interface Reply {
	/** The second word of the header, whole. */
	readonly flags: number;
	readonly ttlSeconds: number;
	readonly records: Records;
	/** For a query that has one: the bytes that are taken here over UDP, and the upper bits of the response code. */
	readonly edns: { readonly udpBytes: number; readonly extendedCode: number } | undefined;
}

/** Each record points back to the name in the question (RFC 1035, section 4.1.4). */
const ownerBytes = 2;
const addressRecordBytes = ownerBytes + recordTailBytes + 4;
const ednsBytes = 1 + recordTailBytes;

/** @returns How long a reply to `query` is. */
export function replyBytes({ questionEnd }: Query, { records, edns }: Reply): number {
	const own =
		records.type === "A"
			? records.addresses.length * addressRecordBytes
			: ownerBytes + recordTailBytes + nameBytes(records.name);
	return questionEnd + own + (edns === undefined ? 0 : ednsBytes);
}

/** Leaves out addresses that the longest message has no room for. */
export function fitting(query: Query, reply: Reply): Reply {
	if (reply.records.type !== "A" || replyBytes(query, reply) <= largestMessageBytes) return reply;
	const room = largestMessageBytes - replyBytes(query, { ...reply, records: noRecords });
	const addresses = reply.records.addresses.slice(0, Math.floor(room / addressRecordBytes));
	return { ...reply, records: { type: "A", addresses } };
}

/** @returns The reply to the query that `message` holds. @throws {RangeError} It is not {@link fitting}. */
export function encodeReply(message: Buffer, query: Query, content: Reply): Buffer {
	const { flags, ttlSeconds, records, edns } = content;
	const reply = Buffer.allocUnsafe(replyBytes(query, content));
	message.copy(reply, 0, 0, query.questionEnd);
	reply.writeUInt16BE(flags, 2);
	reply.writeUInt16BE(records.type === "A" ? records.addresses.length : 1, 6);
	reply.writeUInt16BE(0, 8);
	reply.writeUInt16BE(edns === undefined ? 0 : 1, 10);
	let at = query.questionEnd;
	if (records.type === "A")
		for (const address of records.addresses) {
			at = writeRecordHead(reply, at, recordType.A, ttlSeconds, 4);
			at = reply.writeUInt32BE(ipv4ToNumber(address), at);
		}
	else {
		at = writeRecordHead(reply, at, recordType.PTR, ttlSeconds, nameBytes(records.name));
		at = writeName(reply, at, records.name);
	}
	if (edns !== undefined) writeEdns(reply, at, edns);
	return reply;
}

function writeRecordHead(reply: Buffer, at: number, type: number, ttlSeconds: number, dataBytes: number): number {
	reply.writeUInt16BE((pointerMark << 8) | headerBytes, at);
	reply.writeUInt16BE(type, at + 2);
	reply.writeUInt16BE(recordClass.IN, at + 4);
	reply.writeUInt32BE(ttlSeconds, at + 6);
	return reply.writeUInt16BE(dataBytes, at + 10);
}

function writeEdns(reply: Buffer, at: number, { udpBytes, extendedCode }: NonNullable<Reply["edns"]>): void {
	reply.writeUInt8(0, at);
	reply.writeUInt16BE(recordType.OPT, at + 1);
	reply.writeUInt16BE(udpBytes, at + 3);
	reply.writeUInt32BE(extendedCode * 2 ** 24, at + 5);
	reply.writeUInt16BE(0, at + 9);
}

/** A length in front of each label instead of the dots between them, and a zero behind. */
function nameBytes(name: string): number {
	return name.length + 2;
}

/** @param name The cluster's own: ASCII, no label empty or longer than 63 characters (model/name.ts). */
function writeName(reply: Buffer, at: number, name: string): number {
	let to = at;
	for (const label of name.split(".")) {
		to = reply.writeUInt8(label.length, to);
		to += reply.write(label, to, "latin1");
	}
	return reply.writeUInt8(0, to);
}
