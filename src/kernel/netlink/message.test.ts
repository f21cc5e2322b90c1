import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Attributes } from "./attributes.ts";
import { attributesOf, headerLength, MessageWriter, NLM_F_CREATE, NLM_F_REQUEST, readMessages } from "./message.ts";

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

test("readMessages() finds each message of a datagram, and stops at one that is cut", () => {
	const one = new MessageWriter(16).u32(1).u8(1).finish();
	const two = new MessageWriter(17).u32(2).finish();
	const padded = Buffer.concat([one, Buffer.alloc(3), two]);
	const read = (bytes: Buffer) => readMessages(bytes).map(({ type }) => type);
	assert.deepEqual(read(padded), [16, 17]);
	assert.deepEqual(read(padded.subarray(0, padded.length - 1)), [16]);
	assert.deepEqual(read(Buffer.alloc(headerLength)), []);
	assert.equal(readMessages(two)[0]?.flags, NLM_F_REQUEST);
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
	const [message] = readMessages(new MessageWriter(1).attributeU8(5, 9).finish());
	assert.ok(message !== undefined);
	assert.equal(attributesOf(message, 0).u8(5), 9);
	assert.equal(attributesOf(message, 0).u32(5), undefined);
});
