import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FullTables } from "./full-tables.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-tables-"));
after(() => rmSync(dir, { recursive: true }));

const files = {
	neighbours: join(dir, "arp_cache"),
	neighboursMost: join(dir, "gc_thresh3"),
	connections: join(dir, "count"),
	connectionsMost: join(dir, "max"),
};

/** @param fulls Of two processors. */
function overflows(...fulls: readonly string[]): void {
	const rows = fulls.map((full) => `00000fbb 00023ec8 ${full}\n`).join("");
	writeFileSync(files.neighbours, `entries  allocs   table_fulls\n${rows}`);
}

test("FullTables tells of a neighbour table that overflows, and not of one that once did", () => {
	overflows("00000000", "0000000f");
	writeFileSync(files.neighboursMost, "1024\n");
	const tables = new FullTables(files);
	assert.deepEqual(tables.problems(), []);
	overflows("00000001", "0000000f");
	tables.look();
	const [problem, ...others] = tables.problems();
	assert.deepEqual(others, []);
	assert.equal(problem?.code, "KERNEL_LIMIT");
	assert.match(problem?.message ?? "", /neighbours is full: 1024 \(net\.ipv4\.neigh\.default\.gc_thresh3\)$/);
	tables.close();
});

test("FullTables tells of a table of connections that is nearly full, as long as it is", () => {
	overflows("00000000");
	writeFileSync(files.connectionsMost, "262144\n");
	const tables = new FullTables(files);
	for (const [count, told] of [
		["1000\n", 0],
		["262142\n", 1],
		["1000\n", 0],
	] as const) {
		writeFileSync(files.connections, count);
		assert.equal(tables.problems().length, told, count);
	}
	tables.close();
});

test("FullTables knows nothing where the kernel tells nothing", () => {
	const none = join(dir, "none");
	const tables = new FullTables({ neighbours: none, neighboursMost: none, connections: none, connectionsMost: none });
	assert.deepEqual(tables.problems(), []);
	tables.close();
});
