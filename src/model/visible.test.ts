import assert from "node:assert/strict";
import { test } from "node:test";
import { visible } from "./visible.ts";

test("visible() escapes what a terminal would obey", () => {
	assert.equal(visible("a\u001b[2Jb\nc\td\r\0\u007f\u0085"), "a\\u001b[2Jb\\nc\\td\\r\\u0000\\u007f\\u0085");
	assert.equal(visible("txt.\u202eexe\u2028\u2066"), "txt.\\u202eexe\\u2028\\u2066");
});

test("visible() leaves other text as it is, backslashes too", () => {
	for (const text of ["", "größe 😀 日本", 'C:\\n "x"', "é\u0301"]) assert.equal(visible(text), text);
});
