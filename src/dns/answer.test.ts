import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, type RecordType } from "dns-packet";
import fc from "fast-check";
import { ipv4 } from "../model/address.ts";
import { prefix } from "../model/prefix.ts";
import { answer } from "./answer.ts";
import { Picture } from "./picture.ts";

const picture = new Picture();
picture.apply({ network: "n1", value: { name: "ov_net1", subnet: prefix("10.0.0.0/24") } });
picture.apply({ network: "n2", value: { name: "ov_net2", subnet: prefix("10.0.1.0/24") } });
for (let n = 2; n < 6; n++)
	picture.apply({
		endpoint: `e${n}`,
		in: "n1",
		value: { name: `bbox${n}`, aliases: ["web"], address: ipv4(`10.0.0.${n}`), local: n === 4 },
	});
picture.apply({
	endpoint: "e9",
	in: "n2",
	value: { name: "other", aliases: [], address: ipv4("10.0.1.9"), local: true },
});
for (let n = 10; n < 60; n++)
	picture.apply({
		endpoint: `m${n}`,
		in: "n1",
		value: { name: `m${n}`, aliases: ["many"], address: ipv4(`10.0.0.${n}`), local: false },
	});
picture.apply({ sandbox: "s1", value: { netns: "weft-1", networks: ["n1"] } });

function ask(
	name: string,
	type: RecordType = "A",
	{ rotation = 0, transport = "udp", edns = 0 }: { rotation?: number; transport?: "udp" | "tcp"; edns?: number } = {},
) {
	const query = encode({
		type: "query",
		id: 7,
		flags: 0x0100,
		questions: [{ type, name, class: "IN" }],
		additionals: edns === 0 ? [] : [{ type: "OPT", name: ".", udpPayloadSize: edns, flags: 0, options: [] } as never],
	});
	const outcome = answer(query, { picture, sandbox: "s1", transport, rotation });
	if (!("reply" in outcome)) return outcome;
	const packet = decode(outcome.reply);
	return {
		rcode: (packet as { rcode?: string }).rcode,
		truncated: packet.flag_tc,
		bytes: outcome.reply.length,
		data: packet.answers?.map((one) => ("data" in one ? one.data : "")),
	};
}

const some = (data: unknown[], rcode = "NOERROR") => ({ rcode, data });

test("answer() knows names, aliases and names with the network, in any case", () => {
	for (const name of ["bbox2", "BBox2", "bbox2.ov_net1", "BBOX2.OV_NET1"]) {
		const { rcode, data } = ask(name) as never;
		assert.deepEqual({ rcode, data }, some(["10.0.0.2"]));
	}
});

test("answer() gives several behind one alias in turns, those of the same host first", () => {
	const turn = (rotation: number) => (ask("web", "A", { rotation }) as { data: string[] }).data;
	assert.deepEqual(turn(0), ["10.0.0.4", "10.0.0.2", "10.0.0.3", "10.0.0.5"]);
	assert.deepEqual(turn(1), ["10.0.0.4", "10.0.0.3", "10.0.0.5", "10.0.0.2"]);
});

test("answer() says nothing of networks that the sandbox is not in", () => {
	for (const name of ["other", "other.ov_net2"]) assert.deepEqual(ask(name), { forward: true });
	assert.deepEqual(ask("9.1.0.10.in-addr.arpa", "PTR"), { forward: true });
});

test("answer() has no data for a known name of another type", () => {
	for (const type of ["AAAA", "MX", "TXT", "SRV"] as const) {
		const { rcode, data } = ask("bbox2", type) as never;
		assert.deepEqual({ rcode, data }, some([]));
	}
});

test("answer() turns addresses into names", () => {
	assert.deepEqual((ask("2.0.0.10.in-addr.arpa", "PTR") as { data: unknown }).data, ["bbox2.ov_net1"]);
	assert.equal((ask("200.0.0.10.in-addr.arpa", "PTR") as { rcode: string }).rcode, "NXDOMAIN");
	assert.deepEqual(ask("8.8.8.8.in-addr.arpa", "PTR"), { forward: true });
});

test("answer() cuts what does not fit, and says so", () => {
	const plain = ask("many") as { truncated: boolean; bytes: number };
	assert.ok(plain.truncated && plain.bytes <= 512);
	const roomy = ask("many", "A", { transport: "tcp" }) as { truncated: boolean; data: unknown[] };
	assert.ok(!roomy.truncated && roomy.data.length === 50);
	const edns = ask("web", "A", { edns: 4096 }) as { truncated: boolean; data: unknown[] };
	assert.ok(!edns.truncated && edns.data.length === 4);
});

test("answer() bears any message", () => {
	const query = encode({ type: "query", id: 7, questions: [{ type: "A", name: "bbox2", class: "IN" }] });
	const mangled = fc
		.array(fc.record({ at: fc.nat({ max: query.length - 1 }), to: fc.nat({ max: 255 }) }), { maxLength: 8 })
		.map((changes) => {
			const copy = Buffer.from(query);
			for (const { at, to } of changes) copy[at] = to;
			return copy;
		});
	const message = fc.oneof(
		mangled,
		fc.nat({ max: query.length }).map((n) => query.subarray(0, n)),
		fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
	);
	fc.assert(
		fc.property(message, (bytes) => {
			const outcome = answer(bytes, { picture, sandbox: "s1", transport: "udp", rotation: 0 });
			if ("reply" in outcome)
				assert.ok(outcome.reply.length >= 12 && outcome.reply.readUInt16BE(0) === bytes.readUInt16BE(0));
		}),
		{ numRuns: 20_000 },
	);
});
