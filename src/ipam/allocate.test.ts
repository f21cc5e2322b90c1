import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Ipv4, ipv4, ipv4FromNumber, ipv4ToNumber } from "../model/address.ts";
import { prefix, spanOf } from "../model/prefix.ts";
import { allocateAddress, checkAddress, quarantineMs } from "./allocate.ts";
import { allocateSubnet, planPool } from "./pool.ts";

const pool = planPool({ subnet: "10.32.4.0/27" }, [], []);

test("allocateAddress() gives the lowest free address, never a reserved one", () => {
	const hosts = fc.integer({ min: 0, max: 31 }).map((n) => ipv4FromNumber(spanOf(pool.subnet).first + n));
	fc.assert(
		fc.property(fc.uniqueArray(hosts, { maxLength: 28 }), (addresses) => {
			const used = new Set(addresses);
			const naive = Array.from({ length: 32 }, (_, n) => ipv4(`10.32.4.${n}`)).find(
				(address, n) => n > 1 && n < 31 && !used.has(address),
			);
			assert.equal(allocateAddress(pool, used, new Map(), 0), naive);
		}),
	);
});

test("allocateAddress() lets a released address rest, until nothing else is free", () => {
	const two = ipv4("10.32.4.2");
	const released = new Map([[two, 1_000]]);
	assert.equal(allocateAddress(pool, new Set(), released, 2_000), "10.32.4.3");
	assert.equal(allocateAddress(pool, new Set(), released, 1_000 + quarantineMs), two);
	const others = new Set(Array.from({ length: 28 }, (_, n) => ipv4(`10.32.4.${n + 3}`)));
	assert.equal(allocateAddress(pool, others, released, 2_000), two);
});

test("allocateAddress() says how many addresses are in use when none is free", () => {
	const all = new Set(Array.from({ length: 29 }, (_, n) => ipv4(`10.32.4.${n + 2}`)));
	assert.throws(() => allocateAddress(pool, all, new Map(), 0), { code: "POOL_EXHAUSTED" });
});

test("allocateAddress() keeps within the range", () => {
	const ranged = planPool({ subnet: "10.32.4.0/24", ipRange: "10.32.4.128/25" }, [], []);
	assert.equal(allocateAddress(ranged, new Set(), new Map(), 0), "10.32.4.128");
});

test("allocateSubnet() gives the first /24 that overlaps nothing", () => {
	const block = fc
		.record({ n: fc.integer({ min: 0, max: 6 * 256 - 1 }), bits: fc.integer({ min: 21, max: 28 }) })
		.map(({ n, bits }) => {
			const size = 2 ** (32 - bits);
			const first = Math.floor((ipv4ToNumber(ipv4("10.0.0.0")) + n) / size) * size;
			return prefix(`${ipv4FromNumber(first)}/${bits}`);
		});
	fc.assert(
		fc.property(fc.array(block, { maxLength: 12 }), fc.array(block, { maxLength: 4 }), (taken, routes) => {
			const hit = new Set<number>();
			for (const span of [...taken, ...routes].map(spanOf))
				for (let value = span.first; value <= span.last; value++) hit.add(Math.floor(value / 256));
			let naive = 10 * 2 ** 16;
			while (hit.has(naive)) naive++;
			assert.equal(allocateSubnet(taken, [...routes, prefix("0.0.0.0/0")]), `${ipv4FromNumber(naive * 256)}/24`);
		}),
	);
});

const refusals: readonly [string, Parameters<typeof planPool>[0], string][] = [
	["no prefix", { subnet: "10.0.0.0" }, "SUBNET_INVALID"],
	["host bits", { subnet: "10.0.0.1/24" }, "SUBNET_INVALID"],
	["too small", { subnet: "10.0.0.0/31" }, "SUBNET_INVALID"],
	["too large", { subnet: "0.0.0.0/0" }, "SUBNET_INVALID"],
	["a route of a host", { subnet: "192.168.56.0/25" }, "SUBNET_OVERLAPS"],
	["a range outside", { subnet: "10.0.0.0/24", ipRange: "10.0.1.0/25" }, "ADDRESS_OUTSIDE_SUBNET"],
	["a range without a subnet", { ipRange: "10.0.1.0/25" }, "SUBNET_INVALID"],
	["a gateway outside", { subnet: "10.0.0.0/24", gateway: "10.0.1.1" }, "ADDRESS_OUTSIDE_SUBNET"],
	["the broadcast address as gateway", { subnet: "10.0.0.0/24", gateway: "10.0.0.255" }, "ADDRESS_RESERVED"],
	["a gateway that is none", { subnet: "10.0.0.0/24", gateway: "gw" }, "ADDRESS_INVALID"],
	["one address twice", { subnet: "10.0.0.0/24", auxAddresses: { a: "10.0.0.1" } }, "ADDRESS_IN_USE"],
];

for (const [what, request, code] of refusals)
	test(`planPool() refuses ${what}`, () => {
		const routes = [{ host: "host1", route: prefix("192.168.56.0/24") }];
		assert.throws(() => planPool(request, [], routes), { code });
	});

test("checkAddress() refuses what is not free", () => {
	const code = (text: string) => {
		try {
			checkAddress(pool, text, new Set<Ipv4>([ipv4("10.32.4.9")]));
			return "ok";
		} catch (error) {
			return (error as { code: string }).code;
		}
	};
	assert.deepEqual(["10.32.4.8", "10.32.4.9", "10.32.4.1", "10.32.4.31", "10.0.0.1", "x"].map(code), [
		"ok",
		"ADDRESS_IN_USE",
		"ADDRESS_RESERVED",
		"ADDRESS_RESERVED",
		"ADDRESS_OUTSIDE_SUBNET",
		"ADDRESS_INVALID",
	]);
});
