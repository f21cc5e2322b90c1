import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, type RecordType } from "dns-packet";
import fc from "fast-check";
import { checkOutcome, hostileMessage, smallPicture } from "../../test/hostile-dns.ts";
import { ipv4, ipv4FromNumber } from "../model/address.ts";
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

test("answer() gives as many addresses over TCP as one message holds", () => {
	const crowd = new Picture();
	crowd.apply({ network: "n1", value: { name: "blue", subnet: prefix("10.0.0.0/16") } });
	for (let n = 0; n < 5_000; n++)
		crowd.apply({
			endpoint: `e${n}`,
			in: "n1",
			value: { name: `c${n}`, aliases: ["all"], address: ipv4FromNumber(0x0a000002 + n), local: false },
		});
	crowd.apply({ sandbox: "s1", value: { netns: "weft-1", networks: ["n1"] } });
	const query = encode({ type: "query", id: 7, questions: [{ type: "A", name: "all", class: "IN" }] });
	const outcome = answer(query, { picture: crowd, sandbox: "s1", transport: "tcp", rotation: 0 });
	assert.ok("reply" in outcome && outcome.reply.length <= 0xffff && outcome.reply.length > 0xffff - 16);
	assert.equal(decode(outcome.reply).answers?.length, 4_094);
});

test("answer() repeats the question as it was asked, letter by letter", () => {
	const query = encode({ type: "query", id: 7, questions: [{ type: "A", name: "bBoX2", class: "IN" }] });
	const outcome = answer(query, { picture, sandbox: "s1", transport: "udp", rotation: 0 });
	assert.ok("reply" in outcome && decode(outcome.reply).answers?.[0]?.name === "bBoX2");
});

test("answer() tells who speaks a later EDNS which one it knows", () => {
	const query = encode({
		type: "query",
		id: 7,
		questions: [{ type: "A", name: "bbox2", class: "IN" }],
		additionals: [{ type: "OPT", name: ".", udpPayloadSize: 1232, ednsVersion: 1, flags: 0, options: [] } as never],
	});
	const outcome = answer(query, { picture, sandbox: "s1", transport: "udp", rotation: 0 });
	assert.ok("reply" in outcome);
	const { answers, additionals } = decode(outcome.reply);
	assert.deepEqual(answers, []);
	const [opt] = additionals ?? [];
	assert.ok(opt?.type === "OPT" && opt.extendedRcode === 1 && opt.ednsVersion === 0);
});

const [header, tail] = ["0007010000010000", "00010001"];
/** A query with one more record, the EDNS one: by name, and with so many bytes of data. */
const withOpt = (owner: string, bytes: string) =>
	`${header}000000010162626f783200${tail}${owner}0029100000000000${bytes}`;
const broken: Readonly<Record<string, string>> = {
	"no question": "000701000000000000000000",
	"two questions": `0007010000020000000000000161 00${tail}0162 00${tail}`,
	"a label of 64 bytes": `${header}0000000040${"61".repeat(64)}00${tail}`,
	"a name of 256 bytes": `${header}00000000${`3f${"61".repeat(63)}`.repeat(4)}00${tail}`,
	"a name without an end": `${header}000000000161`,
	"a question without a class": `${header}000000000161000001`,
	"a name that points to itself": `${header}00000000c00c${tail}`,
	"a name that points to the header": `${header}00000000c000${tail}`,
	"a record whose name points past the end": withOpt("ffff", "0000"),
	"a record whose name points to itself": withOpt("c01a", "0000"),
	"an EDNS record of another name than the root": withOpt("016100", "0000"),
	"a record longer than its message": withOpt("00", "ffff"),
	"a record that is not there": `${header}000000010161 00${tail}`,
	"65,535 records that are not there": `${header}ffffffff0161 00${tail}`,
};

for (const [what, hex] of Object.entries(broken))
	test(`answer() has FORMERR for ${what}`, () => {
		const message = Buffer.from(hex.replaceAll(" ", ""), "hex");
		const outcome = answer(message, { picture, sandbox: "s1", transport: "udp", rotation: 0 });
		assert.ok("reply" in outcome);
		assert.equal(outcome.reply.toString("hex"), "000781810000000000000000");
	});

test("answer() does not take a dot inside a label for one between two", () => {
	const dotted = Buffer.from(`${header}00000000${`0d${Buffer.from("bbox2.ov_net1").toString("hex")}`}00${tail}`, "hex");
	assert.deepEqual(answer(dotted, { picture, sandbox: "s1", transport: "udp", rotation: 0 }), { forward: true });
});

test("answer() bears any message", () => {
	const small = smallPicture();
	fc.assert(
		fc.property(hostileMessage, fc.constantFrom("udp", "tcp"), fc.nat(), (message, transport, rotation) => {
			checkOutcome(message, answer(message, { picture: small, sandbox: "s1", transport, rotation }), transport);
		}),
		{ numRuns: 5_000 },
	);
});
