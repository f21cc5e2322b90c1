import assert from "node:assert/strict";
import { test } from "node:test";
import { Audit } from "./audit.ts";

function audited(sandboxes: number, overlayEntries: number) {
	const rounds: string[][] = [];
	const audit = new Audit({
		namespaces: () => ["host", "1-overlay", ...Array.from({ length: sandboxes }, (_, n) => `weft-${n}`), "1-overlay"],
		sizeOf: (ns) => (ns === "1-overlay" ? overlayEntries : 5),
		look: (namespaces) => rounds.push([...namespaces]),
		onBegin: () => {},
	});
	return { audit, rounds };
}

test("Audit looks at everything at its start, and at all of a small host every 30 s", (t) => {
	t.mock.timers.enable({ apis: ["setTimeout"] });
	const { audit, rounds } = audited(3, 10);
	audit.start();
	const all = ["host", "1-overlay", "weft-0", "weft-1", "weft-2"];
	assert.deepEqual(rounds, [all]);
	t.mock.timers.tick(29_999);
	assert.equal(rounds.length, 1);
	t.mock.timers.tick(1);
	assert.deepEqual(rounds, [all, all]);
	audit.close();
	t.mock.timers.tick(60_000);
	assert.equal(rounds.length, 2);
});

test("Audit takes a large host in small steps, one each second, and each namespace once", (t) => {
	t.mock.timers.enable({ apis: ["setTimeout"] });
	const { audit, rounds } = audited(1_000, 2_000);
	audit.start();
	rounds.splice(0);
	for (let ms = 0; ms < 64_000; ms += 100) t.mock.timers.tick(100);
	const seen = rounds.flat();
	assert.equal(new Set(seen).size, 1_002);
	assert.ok(seen.length <= 1_060, `${seen.length} looks`);
	assert.equal(rounds.length, 64);
	assert.ok(rounds.every((some) => some.length <= 25));
	audit.close();
});
