import { type Answer, decode, encode, type Packet, type Question } from "dns-packet";
import type { SandboxId } from "../model/endpoint.ts";
import { lookupAddress, lookupName } from "./lookup.ts";
import type { Picture } from "./picture.ts";

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
const rcode = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5 } as const;
const [responseFlag, authoritative, truncated, recursionDesired, recursionAvailable] = [
	0x8000, 0x0400, 0x0200, 0x0100, 0x0080,
];
const headerBytes = 12;

/** @returns What to do with one message, whatever it holds. Never throws. */
export function answer(message: Buffer, asker: Asker): Outcome {
	if (message.length < headerBytes) return { drop: true };
	const flags = message.readUInt16BE(2);
	// An answer is no question: to reply to one could go on for ever.
	if ((flags & responseFlag) !== 0) return { drop: true };
	if (((flags >> 11) & 15) !== 0) return { reply: bareReply(message, rcode.notImp) };
	let query: Packet;
	try {
		query = decode(message);
	} catch {
		return { reply: bareReply(message, rcode.formErr) };
	}
	const [question] = query.questions ?? [];
	if (question === undefined || query.questions?.length !== 1) return { reply: bareReply(message, rcode.formErr) };
	if (question.class !== "IN" && question.class !== "ANY") return { forward: true };
	try {
		return answerQuestion(message, query, question, asker);
	} catch {
		return { reply: bareReply(message, rcode.servFail) };
	}
}

function answerQuestion(message: Buffer, query: Packet, question: Question, asker: Asker): Outcome {
	const { picture, sandbox, rotation } = asker;
	if (/\.in-addr\.arpa$/i.test(question.name)) {
		const name = lookupAddress(picture, sandbox, question.name);
		if (name === undefined) return { forward: true };
		if (name === null) return { reply: reply(message, query, question, [], rcode.nxDomain, asker) };
		const answers: Answer[] =
			question.type === "PTR" ? [{ type: "PTR", name: question.name, ttl: ttlSeconds, data: name }] : [];
		return { reply: reply(message, query, question, answers, rcode.noError, asker) };
	}
	const addresses = lookupName(picture, sandbox, question.name, rotation);
	if (addresses === undefined) return { forward: true };
	// A name that exists without the asked type is an empty answer: NXDOMAIN would deny the name itself.
	const asked = question.type === "A" || String(question.type) === "ANY";
	const answers = asked
		? addresses.map((data): Answer => ({ type: "A", name: question.name, ttl: ttlSeconds, data }))
		: [];
	return { reply: reply(message, query, question, answers, rcode.noError, asker) };
}

function reply(
	message: Buffer,
	query: Packet,
	question: Question,
	answers: Answer[],
	code: number,
	{ transport }: Asker,
): Buffer {
	const opt = query.additionals?.find((record) => record.type === "OPT");
	const recursion = message.readUInt16BE(2) & recursionDesired;
	const packet: Packet = {
		type: "response",
		id: message.readUInt16BE(0),
		flags: authoritative | recursion | recursionAvailable | code,
		questions: [question],
		answers,
		additionals:
			opt === undefined
				? []
				: [
						{
							type: "OPT",
							name: ".",
							udpPayloadSize: largestUdpBytes,
							extendedRcode: 0,
							ednsVersion: 0,
							flags: 0,
							flag_do: false,
							options: [],
						},
					],
	};
	const encoded = encode(packet);
	const offered = opt !== undefined && opt.type === "OPT" ? opt.udpPayloadSize : plainUdpBytes;
	const limit = Math.min(Math.max(offered, plainUdpBytes), largestUdpBytes);
	if (transport === "tcp" || encoded.length <= limit) return encoded;
	return encode({ ...packet, flags: (packet.flags ?? 0) | truncated, answers: [] });
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
