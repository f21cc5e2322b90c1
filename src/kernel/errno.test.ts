import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { getSystemErrorName } from "node:util";
import { codeOf, Errno, errnoName } from "./errno.ts";

test("errnoName() has a name for each number that the system has one for", () => {
	for (const [name, number] of Object.entries(constants.errno)) {
		assert.match(errnoName(number), /^E[A-Z0-9]+$/, name);
		assert.equal(codeOf(new Errno("send", number)), errnoName(number));
	}
	assert.deepEqual([74, 122, 116, 35, 95].map(errnoName), ["EBADMSG", "EDQUOT", "ESTALE", "EDEADLK", "EOPNOTSUPP"]);
	assert.equal(errnoName(524), "errno 524");
});

test("errnoName() says what Node says, where Node's errors carry a name", () => {
	for (const number of Object.values(constants.errno)) {
		const name = getSystemErrorName(-number);
		if (!name.startsWith("Unknown") && name !== "ENOTSUP") assert.equal(errnoName(number), name);
	}
});
