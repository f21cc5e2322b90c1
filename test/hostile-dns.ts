import assert from "node:assert/strict";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import type { Outcome } from "../src/dns/answer.ts";
import { Picture } from "../src/dns/picture.ts";
import { ipv4 } from "../src/model/address.ts";
import { prefix } from "../src/model/prefix.ts";

/** One sandbox "s1" in one network, where "web" has enough holders to fill a datagram, and "a" to "e" one each. */
export function smallPicture(): Picture {
	const picture = new Picture();
	picture.apply({ network: "n1", value: { name: "blue", subnet: prefix("10.0.0.0/24") } });
	for (let n = 2; n < 100; n++)
		picture.apply({
			endpoint: `e${n}`,
			in: "n1",
			value: {
				name: n < 7 ? "abcde".charAt(n - 2) : `c${n}`,
				aliases: ["web"],
				address: ipv4(`10.0.0.${n}`),
				local: n % 2 === 0,
			},
		});
	picture.apply({ sandbox: "s1", value: { netns: "none", networks: ["n1"] } });
	return picture;
}

const names = [
	"a",
	"b.blue",
	"WEB",
	"web.blue",
	"c50",
	"2.0.0.10.in-addr.arpa",
	"200.0.0.10.in-addr.arpa",
	"example.org",
	".",
];
const types = ["A", "AAAA", "PTR", "TXT", "ANY"] as const;

const goodQuery = fc
	.record({
		name: fc.constantFrom(...names),
		type: fc.constantFrom(...types),
		edns: fc.option(fc.nat(0xffff)),
		id: fc.nat(0xffff),
	})
	.map(({ name, type, edns, id }) =>
		encode({
			type: "query",
			id,
			flags: 0x0100,
			questions: [{ type: type as "A", name, class: "IN" }],
			additionals:
				edns === null ? [] : [{ type: "OPT", name: ".", udpPayloadSize: edns, flags: 0, options: [] } as never],
		}),
	);

const mutatedQuery = fc
	.tuple(goodQuery, fc.array(fc.record({ at: fc.nat(80), to: fc.nat(255) }), { maxLength: 6 }), fc.nat(100), fc.nat(20))
	.map(([query, changes, keep, more]) => {
		const bytes = Buffer.concat([
			keep < query.length && keep % 3 === 0 ? query.subarray(0, keep) : query,
			Buffer.alloc(more),
		]);
		for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
		return bytes;
	});

/** Right and wrong: of 64 bytes and more, circles, pointers to nowhere, 256 bytes and more in all, without an end. */
const label = fc.oneof(
	{ weight: 6, arbitrary: fc.uint8Array({ maxLength: 63 }).map((bytes) => Buffer.from([bytes.length, ...bytes])) },
	{ weight: 1, arbitrary: fc.integer({ min: 64, max: 191 }).map((length) => Buffer.alloc(1 + length, length)) },
	{ weight: 1, arbitrary: fc.nat(0x3fff).map((to) => Buffer.from([0xc0 | (to >> 8), to & 255])) },
	{ weight: 1, arbitrary: fc.nat(80).map((to) => Buffer.from([0xc0, to])) },
);
const name = fc
	.tuple(fc.array(label, { maxLength: 6 }), fc.boolean())
	.map(([labels, ends]) => Buffer.concat([...labels, Buffer.alloc(ends ? 1 : 0)]));
const short = fc.oneof(fc.nat(3), fc.nat(0xffff)).map((value) => Buffer.from([value >> 8, value & 255]));
const question = fc.tuple(name, short, short).map((parts) => Buffer.concat(parts));
const record = fc
	.tuple(
		name,
		fc.constantFrom(1, 41, 250),
		short,
		fc.uint8Array({ minLength: 4, maxLength: 4 }),
		fc.nat(2000),
		fc.nat(3),
	)
	.map(([owner, type, size, ttl, bytes, lie]) =>
		Buffer.concat([
			owner,
			Buffer.from([0, type]),
			size,
			ttl,
			Buffer.from([bytes >> 8, bytes & 255]),
			Buffer.alloc(bytes + (lie === 0 ? -Math.min(bytes, 1) : 0)),
		]),
	);
const builtMessage = fc
	.tuple(
		short,
		fc.oneof(fc.constant(0x0100), fc.nat(0xffff)),
		fc.tuple(short, short, short, short),
		fc.array(question, { maxLength: 3 }),
		fc.array(record, { maxLength: 3 }),
	)
	.map(([id, flags, counts, questions, records]) =>
		Buffer.concat([id, Buffer.from([flags >> 8, flags & 255]), ...counts, ...questions, ...records]),
	);

/** What anybody can send: noise, queries with faults, and messages that are built of lies. */
export const hostileMessage: fc.Arbitrary<Buffer> = fc.oneof(
	fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
	goodQuery,
	mutatedQuery,
	builtMessage,
);

const [plainBytes, largestUdpBytes, largestTcpBytes] = [512, 1232, 0xffff];

/** What holds of every outcome, whatever was asked. @throws {AssertionError} */
export function checkOutcome(message: Buffer, outcome: Outcome, transport: "udp" | "tcp"): void {
	const isQuery = message.length >= 12 && message.readUInt8(2) < 0x80;
	assert.equal("drop" in outcome, !isQuery, "answers, and less than a header, are dropped, and nothing else");
	if (!("reply" in outcome)) return;
	const { reply } = outcome;
	assert.equal(reply.readUInt16BE(0), message.readUInt16BE(0), "the id");
	assert.equal(reply.readUInt8(2) & 0xf8, 0x80 | (message.readUInt8(2) & 0x78), "an answer of the same opcode");
	assert.ok(reply.length <= (transport === "tcp" ? largestTcpBytes : largestUdpBytes), `${reply.length} bytes`);
	const read = decode(reply);
	if (read.questions?.length === 0) {
		assert.equal(reply.length, 12, "a header alone");
		return;
	}
	if (transport === "udp") {
		const offered = offeredBytes(message);
		assert.ok(reply.length <= Math.max(plainBytes, offered), `${reply.length} of ${offered} bytes`);
	}
	const questionEnd = 12 + reply.subarray(12).indexOf(0) + 5;
	assert.deepEqual(
		reply.subarray(12, questionEnd),
		message.subarray(12, questionEnd),
		"the question, letter by letter",
	);
}

/** @returns No limit when the other reader finds fault with what is none of a server's business: the data of records it passes over. */
function offeredBytes(message: Buffer): number {
	try {
		return decode(message).additionals?.find((one) => one.type === "OPT")?.udpPayloadSize ?? 0;
	} catch {
		return largestUdpBytes;
	}
}
