import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isWeftError } from "./error.ts";
import { checkName, checkRef } from "./name.ts";

const refused: readonly (readonly [string, RegExp])[] = [
	["", /it is empty/],
	["a/b", /"\/" at position 2/],
	["my net", /" " at position 3/],
	["..", /begins with "\."/],
	["a..b", /"\.\." in it/],
	["a.", /ends with a dot/],
	["-rf", /begins with "-"/],
	["_x", /begins with "_"/],
	["straße", /"ß" at position 5/],
	["net😀", /"😀" at position 4/],
	["a\nb", /"\\n" at position 2/],
	["a".repeat(64), /64 characters, wanted at most 63/],
];

for (const [text, message] of refused) {
	test(`checkName() refuses ${JSON.stringify(text.slice(0, 12))} and says why`, () => {
		assert.throws(
			() => checkName("network", text),
			(error: unknown) => isWeftError(error, "NAME_INVALID") && message.test(error.message),
		);
	});
}

test("checkName() takes what Docker takes", () => {
	for (const name of ["a", "web-1", "ov_net1", "db.blue", "0", "A.b_c-d", "a".repeat(63)]) {
		assert.equal(checkName("container", name), name);
	}
});

test("checkRef() takes a whole id", () => {
	assert.equal(checkRef("network", "0123456789abcdef".repeat(4)).length, 64);
});

test("checkName() lets nothing pass that would change a path or a key", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
			try {
				checkName("alias", text);
			} catch (error) {
				assert.ok(isWeftError(error, "NAME_INVALID"));
				return;
			}
			assert.match(text, /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/);
			assert.ok(!text.includes(".."));
		}),
	);
});
