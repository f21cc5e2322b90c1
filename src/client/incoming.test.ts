import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { Incoming } from "./incoming.ts";

async function collect(body: AsyncIterable<Buffer>): Promise<string> {
	const parts: Buffer[] = [];
	for await (const part of body) parts.push(part);
	return Buffer.concat(parts).toString("utf8");
}

/** @returns `text` in pieces. */
function cut(text: string, cuts: readonly number[]): Readable {
	const bytes = Buffer.from(text);
	const ends = [...cuts.filter((at) => at < bytes.length), bytes.length].sort((a, b) => a - b);
	const parts = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
	return Readable.from(parts.filter(({ length }) => length > 0));
}

const whole = (text: string) => new Incoming(cut(text, []));
const anyCuts = fc.array(fc.nat(200), { maxLength: 12 });
const text = "größe\r\n\r\n😀 0\r\n";
const bytes = Buffer.byteLength(text);

test("head() reads status and headers, wherever they are cut", async () => {
	const head = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nX-Empty:\r\nx-two:  a: b \r\n\r\nrest";
	await fc.assert(
		fc.asyncProperty(anyCuts, async (cuts) => {
			const incoming = new Incoming(cut(head, cuts));
			const { status, headers } = await incoming.head();
			assert.equal(status, 404);
			assert.deepEqual(
				[...headers],
				[
					["content-type", "application/json"],
					["x-empty", ""],
					["x-two", "a: b"],
				],
			);
			assert.equal(await collect(incoming.rest()), "rest");
		}),
	);
});

test("exactly() reads so many bytes, and leaves the next ones", async () => {
	await fc.assert(
		fc.asyncProperty(anyCuts, async (cuts) => {
			const incoming = new Incoming(cut(`${text}next`, cuts));
			assert.equal(await collect(incoming.exactly(bytes)), text);
			assert.equal(await collect(incoming.rest()), "next");
		}),
	);
	assert.equal(await collect(whole("").exactly(0)), "");
});

test("chunks() reads chunks of any size, with extensions, and stops at the last one", async () => {
	const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 6 });
	await fc.assert(
		fc.asyncProperty(sizes, anyCuts, async (lengths, cuts) => {
			const sent = lengths.map((length, i) => "é".repeat(length) + i);
			const framed = sent.map((part) => `${Buffer.byteLength(part).toString(16).toUpperCase()};x="y"\r\n${part}\r\n`);
			assert.equal(await collect(new Incoming(cut(`${framed.join("")}0\r\n\r\n`, cuts)).chunks()), sent.join(""));
		}),
	);
});

const malformed: readonly (readonly [what: string, read: () => Promise<unknown>])[] = [
	["no HTTP", () => whole("hello\r\n\r\n").head()],
	["HTTP/2", () => whole("HTTP/2 200\r\n\r\n").head()],
	["a status of two digits", () => whole("HTTP/1.1 20 OK\r\n\r\n").head()],
	["a header without a colon", () => whole("HTTP/1.1 200 OK\r\nhello\r\n\r\n").head()],
	["a folded header", () => whole("HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n").head()],
	["a head without an end", () => whole(`HTTP/1.1 200 OK\r\na: ${"b".repeat(100_000)}`).head()],
	["a negative length", () => collect(whole("abc").exactly(-1))],
	["a length that is none", () => collect(whole("abc").exactly(Number("x")))],
	["a chunk without a size", () => collect(whole("zz\r\nabc\r\n").chunks())],
	["too large a chunk", () => collect(whole("fffffffff\r\nabc\r\n").chunks())],
	["a chunk longer than it says", () => collect(whole("2\r\nabc\r\n0\r\n\r\n").chunks())],
];

for (const [what, read] of malformed)
	test(`Incoming refuses ${what}`, async () => {
		await assert.rejects(read(), { name: "SyntaxError", message: /^not an answer of HTTP: / });
	});

const early: readonly (readonly [what: string, read: () => Promise<unknown>])[] = [
	["amid the head", () => whole("HTTP/1.1 200 OK\r\n").head()],
	["before the head", () => whole("").head()],
	["amid the body", () => collect(whole("abc").exactly(4))],
	["amid a chunk", () => collect(whole("4\r\nabc").chunks())],
	["before the last chunk", () => collect(whole("3\r\nabc\r\n").chunks())],
];

for (const [what, read] of early)
	test(`Incoming says when the other side goes ${what}`, async () => {
		await assert.rejects(read(), { name: "Error", message: "the answer ended before its end" });
	});
