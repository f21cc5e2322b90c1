import type { SandboxId } from "../model/endpoint.ts";
import { headerBytes, recordClass, recordType } from "./format.ts";
import { lookupAddress, lookupName } from "./lookup.ts";
import type { Picture } from "./picture.ts";
import { parseQuery, type Query } from "./query.ts";
import { encodeReply, fitting, noRecords, type Records, replyBytes } from "./reply.ts";

/** What to do with a query: answer it, ask the host's resolvers, or say nothing. */
export type Outcome = { readonly reply: Buffer } | { readonly forward: true } | { readonly drop: true };

export interface Asker {
	readonly picture: Picture;
	readonly sandbox: SandboxId;
	/** The answer's size is bounded over UDP alone. */
	readonly transport: "udp" | "tcp";
	readonly rotation: number;
}

/** Short, because a container may be gone in a moment; long enough that a busy client does not ask for each connection. */
const ttlSeconds = 5;

/** RFC 1035, section 4.2.1; RFC 6891, section 6.2.5; the size that fits every path (DNS flag day 2020). */
const [plainUdpBytes, largestUdpBytes] = [512, 1232];

/** RFC 1035, section 4.1.1; RFC 6891, section 9. */
const rcode = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, badVers: 16 } as const;
const [responseFlag, authoritative, truncated, recursionDesired, recursionAvailable] = [
	0x8000, 0x0400, 0x0200, 0x0100, 0x0080,
];

/** @returns What to do with one message, whatever it holds. Never throws. */
export function answer(message: Buffer, asker: Asker): Outcome {
	if (message.length < headerBytes) return { drop: true };
	const flags = message.readUInt16BE(2);
	// An answer is no question: to reply to one could go on for ever.
	if ((flags & responseFlag) !== 0) return { drop: true };
	if (((flags >> 11) & 15) !== 0) return { reply: bareReply(message, rcode.notImp) };
	const query = parseQuery(message);
	if (query === undefined) return { reply: bareReply(message, rcode.formErr) };
	if (query.edns !== undefined && query.edns.version > 0)
		return { reply: reply(message, query, noRecords, rcode.badVers, asker) };
	if (query.class !== recordClass.IN && query.class !== recordClass.ANY) return { forward: true };
	return answerQuestion(message, query, asker);
}

function answerQuestion(message: Buffer, query: Query, asker: Asker): Outcome {
	const { picture, sandbox, rotation } = asker;
	const asked = (type: number) => query.type === type || query.type === recordType.ANY;
	if (query.name.endsWith(".in-addr.arpa")) {
		const name = lookupAddress(picture, sandbox, query.name);
		if (name === undefined) return { forward: true };
		if (name === null) return { reply: reply(message, query, noRecords, rcode.nxDomain, asker) };
		const records: Records = asked(recordType.PTR) ? { type: "PTR", name } : noRecords;
		return { reply: reply(message, query, records, rcode.noError, asker) };
	}
	const addresses = lookupName(picture, sandbox, query.name, rotation);
	if (addresses === undefined) return { forward: true };
	// A name that exists without the asked type is an empty answer: NXDOMAIN would deny the name itself.
	const records: Records = asked(recordType.A) ? { type: "A", addresses } : noRecords;
	return { reply: reply(message, query, records, rcode.noError, asker) };
}

function reply(message: Buffer, query: Query, records: Records, code: number, { transport }: Asker): Buffer {
	const recursion = message.readUInt16BE(2) & recursionDesired;
	const flags = responseFlag | authoritative | recursion | recursionAvailable | (code & 15);
	const edns = query.edns && { udpBytes: largestUdpBytes, extendedCode: code >> 4 };
	const whole = { flags, ttlSeconds, records, edns };
	// Over TCP there is no other way left to ask for what does not fit.
	if (transport === "tcp") return encodeReply(message, query, fitting(query, whole));
	const limit = Math.min(Math.max(query.edns?.udpBytes ?? 0, plainUdpBytes), largestUdpBytes);
	if (replyBytes(query, whole) <= limit) return encodeReply(message, query, whole);
	return encodeReply(message, query, { ...whole, flags: flags | truncated, records: noRecords });
}

/** A header alone: for what could not be read, and for what is not served. */
function bareReply(message: Buffer, code: number): Buffer {
	const header = Buffer.alloc(headerBytes);
	message.copy(header, 0, 0, 2);
	header.writeUInt16BE(responseFlag | (message.readUInt16BE(2) & 0x7900) | recursionAvailable | code, 2);
	return header;
}

/** @returns SERVFAIL for a query that the host's resolvers did not answer. */
export function failure(message: Buffer): Buffer {
	return bareReply(message, rcode.servFail);
}
