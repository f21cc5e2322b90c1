import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/**
 * Compares `text` with a golden file; UPDATE_GOLDEN=1 writes it anew instead, for the change to be read in the diff.
 * @param file A URL relative to the test: new URL("testdata/x.golden", import.meta.url).
 */
export function golden(file: URL, text: string): void {
	const actual = text.endsWith("\n") ? text : `${text}\n`;
	if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, actual);
	assert.ok(existsSync(file), `${file.pathname} is missing: UPDATE_GOLDEN=1 makes it`);
	assert.equal(actual, readFileSync(file, "utf8"));
}
