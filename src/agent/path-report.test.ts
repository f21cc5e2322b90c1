import assert from "node:assert/strict";
import { test } from "node:test";
import type { PathState } from "../model/view.ts";
import { pathStep } from "./path-report.ts";

const step = (there: PathState, here: PathState) =>
	pathStep({ host: "host2", vtep: "192.168.56.102", there, here, fullBytes: 1500 });

for (const [there, here, outcome, detail, fix] of [
	["ok", "ok", "ok", /^192\.168\.56\.102, udp 4789 both ways ok, 1500 bytes/, undefined],
	["blocked", "ok", "warning", /udp 4789 to host2 BLOCKED, from host2 ok/, /: in at host2 and out at this host, and/],
	["ok", "blocked", "warning", /udp 4789 to host2 ok, from host2 BLOCKED/, /: in at this host and out at host2, and/],
	["blocked", "blocked", "warning", /BLOCKED both ways/, /in at host2 .* in at this host/],
	["small-only", "ok", "warning", /1500 bytes are lost to host2/, /MTU/],
	["ok", "small-only", "warning", /1500 bytes are lost from host2/, /MTU/],
	["small-only", "small-only", "warning", /lost both ways/, /MTU/],
	["small-only", "blocked", "warning", /to host2 ok, from host2 BLOCKED/, /in at this host/],
	["unknown", "unknown", "warning", /not tested/, /weft status, on host2/],
] as const)
	test(`pathStep() tells ${there} there, ${here} back`, () => {
		const told = step(there, here);
		assert.equal(told.subject, "host2");
		assert.equal(told.outcome, outcome);
		assert.match(told.detail, detail);
		if (fix === undefined) assert.equal(told.fix, undefined);
		else assert.match(told.fix ?? "", fix);
	});
