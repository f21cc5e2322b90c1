import assert from "node:assert/strict";
import { test } from "node:test";
import { joinsOf, readNetwork } from "./network-spec.ts";

test("readNetwork() reads a network, its address and its aliases", () => {
	assert.deepEqual(readNetwork("blue"), { network: "blue", aliases: [] });
	assert.deepEqual(readNetwork("blue:ip=10.0.0.9"), { network: "blue", aliases: [], ip: "10.0.0.9" });
	assert.deepEqual(readNetwork("blue:alias=db,ip=10.0.0.9,alias=pg"), {
		network: "blue",
		aliases: ["db", "pg"],
		ip: "10.0.0.9",
	});
});

for (const text of ["blue:", "blue:colour=red", "blue:ip", "blue:ip=1,", "blue:=1"])
	test(`readNetwork() refuses "${text}"`, () => {
		assert.throws(() => readNetwork(text), {
			code: "ARGUMENT_INVALID",
			message: /is neither ip=ADDRESS nor alias=NAME$/,
		});
	});

test("joinsOf() puts aliases into each network, and the address into the only one", () => {
	assert.deepEqual(joinsOf(["blue:alias=x", "red"], undefined, ["db"]), [
		{ network: "blue", aliases: ["x", "db"] },
		{ network: "red", aliases: ["db"] },
	]);
	assert.deepEqual(joinsOf(["blue"], "10.0.0.9", []), [{ network: "blue", aliases: [], ip: "10.0.0.9" }]);
	assert.deepEqual(joinsOf([], undefined, []), []);
});

test("joinsOf() refuses an address of no one network, aliases of none, and a network twice", () => {
	for (const networks of [[], ["blue", "red"]])
		assert.throws(() => joinsOf(networks, "10.0.0.9", []), { message: /it goes with one network, [02] are given$/ });
	assert.throws(() => joinsOf([], undefined, ["db"]), { message: /no network is given$/ });
	assert.throws(() => joinsOf(["blue", "blue:ip=10.0.0.9"], undefined, []), { message: /--network blue twice/ });
});
