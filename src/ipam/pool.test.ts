import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { ipv4FromNumber } from "../model/address.ts";
import type { ErrorCode } from "../model/error.ts";
import { type Prefix, prefix, prefixesOverlap } from "../model/prefix.ts";
import { allocateSubnet, type HostRoute, type PoolRequest, planPool } from "./pool.ts";

const route = (host: string, text: string): HostRoute => ({ host, route: prefix(text) });

test("allocateSubnet() starts at 10.0.0.0/24 and goes on with 10.0.1.0/24", () => {
	assert.equal(allocateSubnet([], []), "10.0.0.0/24");
	assert.equal(allocateSubnet([prefix("10.0.0.0/24")], []), "10.0.1.0/24");
	assert.equal(allocateSubnet([prefix("10.0.1.0/24")], []), "10.0.0.0/24");
});

test("allocateSubnet() skips blocks that a smaller or larger prefix overlaps", () => {
	assert.equal(allocateSubnet([prefix("10.0.0.128/30")], []), "10.0.1.0/24");
	assert.equal(allocateSubnet([], [prefix("10.0.0.0/12")]), "10.16.0.0/24");
	assert.equal(allocateSubnet([prefix("10.0.0.0/23")], [prefix("10.0.2.7/32")]), "10.0.3.0/24");
});

test("allocateSubnet() ignores the default route and prefixes outside 10.0.0.0/8", () => {
	const far = ["0.0.0.0/0", "192.168.56.0/24", "9.0.0.0/8", "11.0.0.0/8", "172.16.0.0/12"].map(prefix);
	assert.equal(allocateSubnet(far, far), "10.0.0.0/24");
});

test("allocateSubnet() uses 10.255.255.0/24 last, then refuses", () => {
	const halves = ["10.0.0.0/9", "10.128.0.0/10", "10.192.0.0/11", "10.224.0.0/12", "10.240.0.0/13", "10.248.0.0/14"];
	const rest = ["10.252.0.0/15", "10.254.0.0/16", "10.255.0.0/17", "10.255.128.0/18", "10.255.192.0/19"];
	const last = ["10.255.224.0/20", "10.255.240.0/21", "10.255.248.0/22", "10.255.252.0/23", "10.255.254.0/24"];
	const taken = [...halves, ...rest, ...last].map(prefix);
	assert.equal(allocateSubnet(taken, []), "10.255.255.0/24");
	assert.throws(() => allocateSubnet([prefix("8.0.0.0/5")], []), { code: "POOL_EXHAUSTED" });
});

test("allocateSubnet() gives what a search block by block gives", () => {
	const block = fc
		.record({ bits: fc.integer({ min: 14, max: 32 }), value: fc.integer({ min: 0, max: 2 ** 20 }) })
		.map(({ bits, value }): Prefix => {
			const size = 2 ** (32 - bits);
			return prefix(`${ipv4FromNumber(Math.floor((10 * 2 ** 24 + value) / size) * size)}/${bits}`);
		});
	fc.assert(
		fc.property(fc.array(block, { maxLength: 30 }), fc.array(block, { maxLength: 10 }), (taken, routes) => {
			let n = 0;
			const candidate = () => prefix(`${ipv4FromNumber(10 * 2 ** 24 + n * 256)}/24`);
			while ([...taken, ...routes].some((one) => prefixesOverlap(one, candidate()))) n++;
			assert.equal(allocateSubnet(taken, routes), candidate());
		}),
	);
});

test("planPool() chooses subnet and gateway when nothing is asked for", () => {
	assert.deepEqual(
		planPool({}, [prefix("10.0.0.0/24")], [route("host1", "10.0.1.0/24"), route("host2", "0.0.0.0/0")]),
		{
			subnet: "10.0.2.0/24",
			gateway: "10.0.2.1",
			auxAddresses: {},
		},
	);
});

test("planPool() takes what is asked for", () => {
	const request: PoolRequest = {
		subnet: "172.30.0.0/16",
		ipRange: "172.30.4.0/24",
		gateway: "172.30.255.254",
		auxAddresses: { printer: "172.30.4.7" },
	};
	assert.deepEqual(planPool(request, [prefix("172.30.0.0/16")], [route("host1", "192.168.56.0/24")]), {
		subnet: "172.30.0.0/16",
		ipRange: "172.30.4.0/24",
		gateway: "172.30.255.254",
		auxAddresses: { printer: "172.30.4.7" },
	});
});

test("planPool() gives the gateway the first host address that is not auxiliary", () => {
	const { gateway } = planPool({ subnet: "10.9.0.0/29", auxAddresses: { a: "10.9.0.1", b: "10.9.0.2" } }, [], []);
	assert.equal(gateway, "10.9.0.3");
});

test("planPool() names the host and the route that a subnet overlaps", () => {
	assert.throws(() => planPool({ subnet: "192.168.0.0/16" }, [], [route("host2", "192.168.56.0/24")]), {
		code: "SUBNET_OVERLAPS",
		message: "Cannot use subnet 192.168.0.0/16: it overlaps 192.168.56.0/24, which host2 routes elsewhere",
	});
	assert.equal(planPool({ subnet: "192.168.0.0/16" }, [], [route("host2", "0.0.0.0/0")]).subnet, "192.168.0.0/16");
});

const wrong: readonly [PoolRequest, ErrorCode, RegExp][] = [
	[{ subnet: "banana" }, "SUBNET_INVALID", /"banana" as subnet: it is not an IPv4 prefix/],
	[{ subnet: "" }, "SUBNET_INVALID", /not an IPv4 prefix/],
	[{ subnet: "10.0.0.0" }, "SUBNET_INVALID", /not an IPv4 prefix/],
	[{ subnet: "10.0.0.0/33" }, "SUBNET_INVALID", /not an IPv4 prefix/],
	[{ subnet: "fd00::/64" }, "SUBNET_INVALID", /not an IPv4 prefix/],
	[{ subnet: "10.0.0.5/24" }, "SUBNET_INVALID", /10\.0\.0\.5 is an address inside the network/],
	[{ subnet: "10.0.0.0/31" }, "SUBNET_INVALID", /no room for a gateway/],
	[{ subnet: "0.0.0.0/0" }, "SUBNET_INVALID", /this network/],
	[{ subnet: "127.0.0.0/24" }, "SUBNET_INVALID", /loopback/],
	[{ subnet: "224.0.0.0/24" }, "SUBNET_INVALID", /multicast/],
	[{ ipRange: "10.0.0.0/25" }, "SUBNET_INVALID", /without a subnet/],
	[{ gateway: "10.0.0.1" }, "SUBNET_INVALID", /--gateway 10\.0\.0\.1 without a subnet/],
	[{ auxAddresses: { a: "10.0.0.9" } }, "SUBNET_INVALID", /--aux-address a=10\.0\.0\.9 without/],
	[{ subnet: "10.0.0.0/24", ipRange: "10.0.1.0/25" }, "ADDRESS_OUTSIDE_SUBNET", /not inside the subnet/],
	[{ subnet: "10.0.0.0/24", ipRange: "10.0.0.0/16" }, "ADDRESS_OUTSIDE_SUBNET", /not inside the subnet/],
	[{ subnet: "10.0.0.0/24", ipRange: "10.0.0.7/25" }, "SUBNET_INVALID", /inside the network/],
	[{ subnet: "10.0.0.0/24", ipRange: "10.0.0.0/31" }, "SUBNET_INVALID", /all reserved/],
	[{ subnet: "10.0.0.0/24", gateway: "10.0.0" }, "ADDRESS_INVALID", /"10\.0\.0" as gateway/],
	[{ subnet: "10.0.0.0/24", gateway: "10.0.1.1" }, "ADDRESS_OUTSIDE_SUBNET", /not in the subnet/],
	[{ subnet: "10.0.0.0/24", gateway: "10.0.0.0" }, "ADDRESS_INVALID", /the network address/],
	[{ subnet: "10.0.0.0/24", gateway: "10.0.0.255" }, "ADDRESS_INVALID", /the broadcast address/],
	[{ subnet: "10.0.0.0/24", auxAddresses: { a: "x" } }, "ADDRESS_INVALID", /"x" as auxiliary address "a"/],
	[{ subnet: "10.0.0.0/24", auxAddresses: { a: "10.1.0.1" } }, "ADDRESS_OUTSIDE_SUBNET", /auxiliary address "a"/],
	[
		{ subnet: "10.0.0.0/24", gateway: "10.0.0.9", auxAddresses: { a: "10.0.0.9" } },
		"ADDRESS_INVALID",
		/"a": it is the gateway/,
	],
	[
		{ subnet: "10.0.0.0/24", auxAddresses: { a: "10.0.0.9", b: "10.0.0.9" } },
		"ADDRESS_INVALID",
		/"b": it is auxiliary address "a"/,
	],
	[{ subnet: "10.0.0.0/30", auxAddresses: { a: "10.0.0.1", b: "10.0.0.2" } }, "POOL_EXHAUSTED", /choose a gateway/],
];

test("planPool() refuses what a person types wrong, and says what to do", () => {
	for (const [request, code, message] of wrong) {
		assert.throws(
			() => planPool(request, [], []),
			(error: Error & { code: string; fix?: string }) => {
				assert.equal(error.code, code, JSON.stringify(request));
				assert.match(error.message, message);
				assert.ok(error.fix, `${code} has no fix`);
				return true;
			},
		);
	}
});

test("planPool() tells the network form of a subnet with host bits", () => {
	assert.throws(() => planPool({ subnet: "10.1.2.3/20" }, [], []), { fix: "write 10.1.0.0/20" });
});
