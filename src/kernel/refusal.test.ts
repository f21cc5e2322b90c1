import assert from "node:assert/strict";
import { test } from "node:test";
import { Errno } from "./errno.ts";
import { toWeftError } from "./refusal.ts";

test("toWeftError() says in words what is wrong with a kernel's answer", () => {
	assert.match(toWeftError("Cannot add it", new Errno("netlink 16", 74)).message, /answer is malformed$/);
});

for (const [errno, limit] of [
	[24, /^Cannot add it: the process has .* \d+ .* \(RLIMIT_NOFILE\)$/],
	[23, /^Cannot add it: all programs .*: \d+ \(fs\.file-max\)$/],
	[54, /^Cannot add it: the bridge has .*: 1023 \(BR_MAX_PORTS\)$/],
] as const)
	test(`toWeftError() names the limit that errno ${errno} speaks of, its value, and what raises it`, () => {
		const { code, message, fix } = toWeftError("Cannot add it", new Errno("netlink 16", errno));
		assert.equal(code, "KERNEL_LIMIT");
		assert.match(message, limit);
		assert.ok(fix);
	});
