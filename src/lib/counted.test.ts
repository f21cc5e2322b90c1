import assert from "node:assert/strict";
import { test } from "node:test";
import { Counted } from "./counted.ts";

test("Counted tells the first that comes and the last that goes", () => {
	const networks = new Counted<string>();
	assert.deepEqual([networks.add("blue"), networks.add("blue"), networks.add("red")], [true, false, true]);
	assert.deepEqual([networks.take("blue"), networks.take("blue"), networks.take("blue")], [false, true, false]);
	assert.equal(networks.add("blue"), true);
});
