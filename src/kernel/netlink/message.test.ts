import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Attributes } from "./attributes.ts";
import { attributesOf, headerLength, MessageWriter, NLM_F_CREATE, NLM_F_REQUEST, readMessages } from "./message.ts";
import { RTM_DELADDR, RTM_GETROUTE, RTM_NEWLINK, RTM_NEWNEIGH, RTM_NEWNSID } from "./rtnetlink.ts";

/** A type of a message that weft does not read: it may hold anything. */
const noFamily = 40;

test("MessageWriter writes the bytes that the kernel reads", () => {
	const message = new MessageWriter(20, NLM_F_CREATE)
		.u8(2)
		.u8(24)
		.u16(0x1234)
		.u32(7)
		.attributeString(3, "eth0")
		.nest(18, (data) => data.attributeU16be(15, 4789).attributeU8(1, 1))
		.finish();
	const expected = [
		// struct nlmsghdr: length, type, flags, sequence, port id
		"38000000 1400 0104 00000000 00000000",
		"02 18 3412 07000000",
		"0900 0300 657468 3000 000000",
		"1400 1280 0600 0f00 12b5 0000 0500 0100 01 000000",
	];
	assert.equal(message.toString("hex"), expected.join("").replaceAll(" ", ""));
});

test("readMessages() finds each message of a datagram, and refuses one that is cut or lies about its length", () => {
	const one = new MessageWriter(noFamily).u32(1).u8(1).finish();
	const two = new MessageWriter(noFamily + 1).u32(2).finish();
	const padded = Buffer.concat([one, Buffer.alloc(3), two]);
	const types = (bytes: Buffer) => readMessages(bytes).map(({ type }) => type);
	assert.deepEqual(types(padded), [noFamily, noFamily + 1]);
	assert.deepEqual(types(one), [noFamily], "the last one may lack its padding");
	assert.equal(readMessages(two)[0]?.flags, NLM_F_REQUEST);
	const lying = Buffer.from(two);
	for (const length of [0, 1, headerLength - 1, two.length + 1, 0x7fffffff, 0xffffffff]) {
		lying.writeUInt32LE(length);
		assert.throws(() => readMessages(lying), { code: "EBADMSG" }, String(length));
	}
	for (let end = 1; end < padded.length; end++)
		if (end < one.length || end > one.length + 3)
			assert.throws(() => readMessages(padded.subarray(0, end)), { code: "EBADMSG" }, String(end));
});

test("readMessages() refuses a message without the header of its family", () => {
	for (const [type, header] of [
		[RTM_NEWLINK, 16],
		[RTM_DELADDR, 8],
		[RTM_GETROUTE, 12],
		[RTM_NEWNEIGH, 12],
		[RTM_NEWNSID, 4],
		[0x0a06, 4],
	] as const) {
		const message = Buffer.alloc(headerLength + header);
		message.writeUInt16LE(type, 4);
		message.writeUInt32LE(message.length);
		assert.equal(readMessages(message).length, 1);
		message.writeUInt32LE(message.length - 1);
		assert.throws(() => readMessages(message.subarray(0, -1)), { code: "EBADMSG" }, String(type));
	}
});

test("Attributes gives back what MessageWriter wrote", () => {
	const attribute = fc.record({ type: fc.integer({ min: 1, max: 200 }), payload: fc.uint8Array({ maxLength: 300 }) });
	const distinct = fc.uniqueArray(attribute, { selector: ({ type }) => type });
	fc.assert(
		fc.property(distinct, fc.integer({ min: 201, max: 300 }), (attributes, outer) => {
			const writer = new MessageWriter(1).u32(0);
			for (const { type, payload } of attributes) writer.attribute(type, payload);
			writer.nest(outer, (inner) => {
				for (const { type, payload } of attributes) inner.attribute(type, payload);
			});
			const [message] = readMessages(writer.finish());
			assert.ok(message !== undefined);
			const read = attributesOf(message, 4);
			for (const { type, payload } of attributes) {
				assert.deepEqual(read.bytes(type), Buffer.from(payload));
				assert.deepEqual(read.nested(outer)?.bytes(type), Buffer.from(payload));
			}
			assert.deepEqual(
				read.list(outer),
				attributes.map(({ payload }) => Buffer.from(payload)),
			);
		}),
	);
});

test("Attributes reads any bytes without an error, and never beyond their end", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(70), (bytes, type) => {
			const attributes = new Attributes(Buffer.from(bytes));
			assert.ok((attributes.bytes(type)?.length ?? 0) <= bytes.length);
			for (const read of ["u8", "u16", "u32", "i32", "u16be", "u32be", "u64be", "string", "list"] as const)
				attributes[read](type);
			attributes.nested(type)?.string(1);
		}),
	);
});

test("Attributes has no number where the payload is too short for one", () => {
	const [message] = readMessages(new MessageWriter(noFamily).attributeU8(5, 9).finish());
	assert.ok(message !== undefined);
	assert.equal(attributesOf(message, 0).u8(5), 9);
	assert.equal(attributesOf(message, 0).u32(5), undefined);
});
