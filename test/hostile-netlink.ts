import fc from "fast-check";
import { headerLength, type Message, readMessages } from "../src/kernel/netlink/message.ts";
import * as R from "../src/kernel/netlink/rtnetlink.ts";
import type { Transport } from "../src/kernel/netlink/transport.ts";

/** Attributes as they should be, and as they should not: of wrong sizes, of unknown types, nested in each other, cut, with lengths that lie. */
export const attributes: fc.Arbitrary<Buffer> = fc.letrec<{ list: Buffer; one: Buffer }>((tie) => ({
	list: fc
		.tuple(fc.array(tie("one"), { maxLength: 6 }), fc.uint8Array({ maxLength: 5 }))
		.map(([all, rest]) => Buffer.concat([...all, rest])),
	one: fc
		.tuple(
			fc.oneof({ weight: 9, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(0xffff) }),
			fc.oneof(
				{ depthSize: "small" },
				fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
				fc.constantFrom("vxlan", "veth", "bridge", "weft", "cmp", "meta", "bitwise", "immediate", "lookup").map(textOf),
				tie("list"),
			),
			fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -8, max: 400 }) }),
			fc.boolean(),
		)
		.map(([type, payload, lie, nested]) => attribute(type | (nested ? 0x8000 : 0), payload, lie)),
})).list;

function textOf(text: string): Buffer {
	return Buffer.from(`${text}\0`);
}

/** @param lie What its length is wrong by. */
function attribute(type: number, payload: Buffer, lie = 0): Buffer {
	const bytes = Buffer.alloc((payload.length + 7) & ~3);
	bytes.writeUInt16LE(Math.max(0, payload.length + 4 + lie), 0);
	bytes.writeUInt16LE(type, 2);
	payload.copy(bytes, 4);
	return bytes;
}

interface Head {
	readonly type: number;
	readonly flags?: number;
	readonly sequence?: number;
	/** What its length is wrong by. */
	readonly lie?: number;
}

/** One message with its padding. */
export function messageBytes({ type, flags = 0, sequence = 0, lie = 0 }: Head, payload: Buffer): Buffer {
	const bytes = Buffer.alloc((headerLength + payload.length + 3) & ~3);
	bytes.writeUInt32LE(Math.max(0, headerLength + payload.length + lie), 0);
	bytes.writeUInt16LE(type, 4);
	bytes.writeUInt16LE(flags, 6);
	bytes.writeUInt32LE(sequence, 8);
	payload.copy(bytes, headerLength);
	return bytes;
}

/** Types of objects that weft reads, from both protocols. */
export const objectTypes = [
	R.RTM_NEWLINK,
	R.RTM_DELLINK,
	R.RTM_NEWADDR,
	R.RTM_DELADDR,
	R.RTM_NEWROUTE,
	R.RTM_DELROUTE,
	R.RTM_NEWNEIGH,
	R.RTM_DELNEIGH,
	R.RTM_NEWNSID,
	R.RTM_DELNSID,
	...[0, 3, 6, 9, 12, 15].map((type) => 0x0a00 | type),
] as const;

/** The families that readers look for come often. */
const familyHeader = fc
	.tuple(fc.constantFrom(0, 1, 2, 7), fc.uint8Array({ minLength: 15, maxLength: 15 }))
	.map(([family, rest]) => Buffer.from([family, ...rest]));

/** A well-formed message whose content is not. */
export const hostileMessage: fc.Arbitrary<Message> = fc
	.tuple(fc.constantFrom(...objectTypes), familyHeader, attributes)
	.map(([type, header, rest]) => {
		const payload = Buffer.concat([header.subarray(0, R.familyHeaderLength(type)), rest]);
		return readMessages(messageBytes({ type }, payload))[0] as Message;
	});

/** What a kernel may say to any request: also with errors, ends, other numbers, and lengths that lie. */
export const hostileDatagram: fc.Arbitrary<Buffer> = fc
	.array(
		fc
			.record({
				type: fc.oneof(fc.constantFrom(1, 2, 2, 3, 3, 4), fc.constantFrom(...objectTypes), fc.nat(0xffff)),
				flags: fc.oneof(fc.constantFrom(0, 2, 0x10, 0x12, 0x200), fc.nat(0xffff)),
				sequence: fc.oneof(fc.nat(4), fc.nat(0xffffffff)),
				lie: fc.oneof({ weight: 19, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(200) }),
				errno: fc.oneof(fc.constantFrom(0, -2, -17, -16), fc.integer()),
				rest: fc.oneof(attributes, familyHeader),
			})
			.map(({ errno, rest, ...head }) => {
				const number = Buffer.alloc(4);
				number.writeInt32LE(errno);
				return messageBytes(head, Buffer.concat([number, rest]));
			}),
		{ maxLength: 5 },
	)
	.map((messages) => Buffer.concat(messages));

/** A kernel that says what a test wrote down, whatever it is asked. @param atEnd Thrown when there is no more. */
export class ScriptedTransport implements Transport {
	readonly portId = 7;
	/** What it was sent. */
	readonly sent: Buffer[] = [];
	readonly #datagrams: (Buffer | Error)[];
	readonly #atEnd: Error;

	constructor(datagrams: readonly (Buffer | Error)[], atEnd: Error) {
		this.#datagrams = [...datagrams];
		this.#atEnd = atEnd;
	}

	get left(): number {
		return this.#datagrams.length;
	}

	send(datagram: Buffer): void {
		this.sent.push(Buffer.from(datagram));
	}

	receive(): Buffer {
		const next = this.#datagrams.shift() ?? this.#atEnd;
		if (next instanceof Error) throw next;
		return next;
	}

	close(): void {}
}
