import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type Ipv4, ipv4, ipv4FromNumber, ipv4ToNumber } from "../model/address.ts";
import type { ReleasedAddress } from "../model/keys.ts";
import { prefix, spanOf } from "../model/prefix.ts";
import { allocateAddress, checkAddress, quarantineMs } from "./allocate.ts";
import type { Pool } from "./pool.ts";

const pool: Pool = { subnet: prefix("10.0.0.0/24"), gateway: ipv4("10.0.0.1"), auxAddresses: {} };
const now = 1_000_000;
const nothing = new Map<Ipv4, ReleasedAddress>();
const used = (...texts: string[]) => new Set(texts.map(ipv4));

test("allocateAddress() gives the lowest free address behind the gateway", () => {
	assert.equal(allocateAddress(pool, used(), nothing, now), "10.0.0.2");
	assert.equal(allocateAddress(pool, used("10.0.0.2", "10.0.0.4"), nothing, now), "10.0.0.3");
});

test("allocateAddress() leaves out as many free ones as it is told, and takes the last one where there are not as many", () => {
	assert.deepEqual(
		[0, 1, 2, 200, 10_000].map((skip) => allocateAddress(pool, used("10.0.0.3"), nothing, now, skip)),
		["10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.203", "10.0.0.254"],
	);
});

test("allocateAddress() skips auxiliary addresses and stays within the IP range", () => {
	const ranged: Pool = { ...pool, ipRange: prefix("10.0.0.8/30"), auxAddresses: { a: ipv4("10.0.0.8") } };
	assert.equal(allocateAddress(ranged, used("10.0.0.9"), nothing, now), "10.0.0.10");
});

test("allocateAddress() lets a released address rest for a minute", () => {
	const released = new Map([[ipv4("10.0.0.2"), { releasedAt: now - quarantineMs + 1 }]]);
	assert.equal(allocateAddress(pool, used(), released, now), "10.0.0.3");
	assert.equal(allocateAddress(pool, used(), released, now + 1), "10.0.0.2");
});

test("allocateAddress() takes the longest released one when nothing else is free", () => {
	const small: Pool = { ...pool, subnet: prefix("10.0.0.0/29") };
	const released = new Map([
		[ipv4("10.0.0.2"), { releasedAt: now - 5 }],
		[ipv4("10.0.0.3"), { releasedAt: now - 9 }],
		[ipv4("10.0.0.4"), { releasedAt: now - 9 }],
		[ipv4("10.0.0.1"), { releasedAt: now - 99 }],
		[ipv4("10.9.0.1"), { releasedAt: now - 99 }],
	]);
	assert.equal(allocateAddress(small, used("10.0.0.5", "10.0.0.6"), released, now), "10.0.0.3");
});

test("allocateAddress() leaves what was taken from a dead host for the end, the oldest first", () => {
	const reclaimed = (ageMs: number) => ({ releasedAt: now - ageMs, reclaimedFrom: "1".repeat(32) });
	const small: Pool = { ...pool, subnet: prefix("10.0.0.0/29") };
	const released = new Map<Ipv4, ReleasedAddress>([
		[ipv4("10.0.0.2"), reclaimed(5 * quarantineMs)],
		[ipv4("10.0.0.3"), reclaimed(9 * quarantineMs)],
		[ipv4("10.0.0.4"), { releasedAt: now - 2 * quarantineMs }],
	]);
	assert.equal(allocateAddress(small, used(), released, now), "10.0.0.4");
	assert.equal(allocateAddress(small, used("10.0.0.4"), released, now), "10.0.0.5");
	assert.equal(allocateAddress(small, used("10.0.0.4", "10.0.0.5", "10.0.0.6"), released, now), "10.0.0.3");
});

test("allocateAddress() says how many are in use when the pool is exhausted", () => {
	const small: Pool = { ...pool, subnet: prefix("10.0.0.0/29"), auxAddresses: { a: ipv4("10.0.0.6") } };
	const all = used("10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.77.0.1");
	assert.throws(() => allocateAddress(small, all, nothing, now), {
		code: "POOL_EXHAUSTED",
		message: "Cannot give out an address of 10.0.0.0/29: of 6 addresses 4 are in use and 2 reserved",
	});
});

test("allocateAddress() gives what a search address by address gives", () => {
	const value = fc.integer({ min: 0, max: 31 }).map((n) => ipv4FromNumber(ipv4ToNumber(ipv4("10.0.0.0")) + n));
	const inputs = fc.record({
		range: fc.option(fc.constantFrom("10.0.0.0/28", "10.0.0.16/28", "10.0.0.8/30", "10.0.0.31/32", "10.0.0.0/27")),
		gateway: value,
		aux: fc.array(value, { maxLength: 3 }),
		held: fc.array(value, { maxLength: 40 }),
		released: fc.array(
			fc.tuple(
				value,
				fc.record(
					{
						releasedAt: fc.integer({ min: now - 2 * quarantineMs, max: now + 10 }),
						reclaimedFrom: fc.constant("1".repeat(32)),
					},
					{ requiredKeys: ["releasedAt"] },
				),
			),
			{ maxLength: 20 },
		),
	});
	fc.assert(
		fc.property(inputs, ({ range, gateway, aux, held, released }) => {
			const tried: Pool = {
				subnet: prefix("10.0.0.0/27"),
				gateway,
				auxAddresses: Object.fromEntries(aux.map((address, i) => [`a${i}`, address])),
				...(range === null ? {} : { ipRange: prefix(range) }),
			};
			const heldSet = new Set(held);
			const restMap = new Map(released.filter(([address]) => !heldSet.has(address)));
			const wanted = naive(tried, heldSet, restMap);
			if (wanted === undefined) {
				assert.throws(() => allocateAddress(tried, heldSet, restMap, now), { code: "POOL_EXHAUSTED" });
			} else assert.equal(allocateAddress(tried, heldSet, restMap, now), wanted);
		}),
		{ numRuns: 2_000 },
	);
});

/** The same by trying every address of the subnet. */
function naive(tried: Pool, held: ReadonlySet<Ipv4>, released: ReadonlyMap<Ipv4, ReleasedAddress>): Ipv4 | undefined {
	const { first, last } = spanOf(tried.subnet);
	const range = spanOf(tried.ipRange ?? tried.subnet);
	const candidates: Ipv4[] = [];
	for (let value = range.first; value <= range.last; value++) {
		const address = ipv4FromNumber(value);
		const kept = value === first || value === last || address === tried.gateway;
		if (!kept && !Object.values(tried.auxAddresses).includes(address) && !held.has(address)) candidates.push(address);
	}
	const since = (address: Ipv4) => released.get(address)?.releasedAt ?? Number.NEGATIVE_INFINITY;
	const rested = candidates.find(
		(address) => now - since(address) >= quarantineMs && released.get(address)?.reclaimedFrom === undefined,
	);
	return rested ?? candidates.toSorted((a, b) => since(a) - since(b))[0];
}

test("allocateAddress() finds one among 10,000 used within some milliseconds", () => {
	const large: Pool = { subnet: prefix("10.0.0.0/8"), gateway: ipv4("10.0.0.1"), auxAddresses: {} };
	const start = ipv4ToNumber(ipv4("10.0.0.2"));
	const many = new Set(Array.from({ length: 10_000 }, (_, i) => ipv4FromNumber(start + i)));
	const times = Array.from({ length: 9 }, () => {
		const before = performance.now();
		assert.equal(allocateAddress(large, many, nothing, now), ipv4FromNumber(start + 10_000));
		return performance.now() - before;
	}).toSorted((a, b) => a - b);
	assert.ok((times[4] ?? 0) < 10, `median ${times[4]} ms`);
});

test("checkAddress() takes a free address, also outside the IP range", () => {
	const ranged: Pool = { ...pool, ipRange: prefix("10.0.0.128/25") };
	assert.equal(checkAddress(ranged, "10.0.0.7", used("10.0.0.8")), "10.0.0.7");
});

test("checkAddress() refuses what cannot be given", () => {
	const full: Pool = { ...pool, auxAddresses: { printer: ipv4("10.0.0.9") } };
	const cases: readonly [string, string, RegExp][] = [
		["10.0.0", "ADDRESS_INVALID", /not an IPv4 address/],
		["10.0.0.7/24", "ADDRESS_INVALID", /not an IPv4 address/],
		["10.0.1.7", "ADDRESS_OUTSIDE_SUBNET", /not in the subnet 10\.0\.0\.0\/24/],
		["10.0.0.0", "ADDRESS_RESERVED", /the network address/],
		["10.0.0.255", "ADDRESS_RESERVED", /the broadcast address/],
		["10.0.0.1", "ADDRESS_RESERVED", /the gateway/],
		["10.0.0.9", "ADDRESS_RESERVED", /auxiliary address "printer"/],
		["10.0.0.7", "ADDRESS_IN_USE", /another container has it/],
	];
	for (const [text, code, message] of cases) {
		assert.throws(() => checkAddress(full, text, used("10.0.0.7")), { code, message });
	}
});
