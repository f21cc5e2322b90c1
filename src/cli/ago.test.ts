import assert from "node:assert/strict";
import { test } from "node:test";
import { agoText, spanText } from "./ago.ts";

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

const spans: readonly (readonly [ms: number, text: string])[] = [
	[-5 * second, "Less than a second"],
	[999, "Less than a second"],
	[second, "1 second"],
	[59 * second, "59 seconds"],
	[minute, "About a minute"],
	[2 * minute, "2 minutes"],
	[45 * minute, "45 minutes"],
	[46 * minute, "About an hour"],
	[2 * hour, "2 hours"],
	[47 * hour, "47 hours"],
	[48 * hour, "2 days"],
	[13 * day, "13 days"],
	[14 * day, "2 weeks"],
	[59 * day, "8 weeks"],
	[60 * day, "2 months"],
	[729 * day, "24 months"],
	[731 * day, "2 years"],
];

for (const [ms, text] of spans)
	test(`spanText() of ${ms / second} s is ${text}`, () => assert.equal(spanText(ms), text));

test("agoText() counts from a time to now", () => {
	assert.equal(agoText("2024-05-17T10:00:00.000Z", Date.parse("2024-05-17T12:00:00.000Z")), "2 hours ago");
});
