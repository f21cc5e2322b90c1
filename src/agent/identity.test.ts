import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4 } from "../model/address.ts";
import { prefix } from "../model/prefix.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import { type Identity, readIdentity, writeIdentity } from "./identity.ts";

const identity: Identity = {
	id: "1".repeat(32),
	name: "host1",
	vtep: ipv4("192.168.56.101"),
	underlayDev: "eth0",
	storeUrl: "sqlite:",
	gatewaySubnet: prefix("172.18.0.0/16"),
	epoch: 1,
	joinedAt: "2026-01-01T00:00:00.000Z",
};

test("readIdentity() gives back what was written", async () => {
	const local = openMemoryStore();
	assert.equal(await readIdentity(local), undefined);
	await writeIdentity(local, identity);
	assert.deepEqual(await readIdentity(local), identity);
});

const text = JSON.stringify(identity);
for (const damaged of [
	"",
	"{",
	"null",
	"[]",
	"{}",
	text.slice(0, 80),
	text.replace("192.168.56.101", "192.168.56"),
	text.replace('"epoch":1', '"epoch":"1"'),
])
	test(`readIdentity() names the database when it holds ${damaged.slice(0, 60)}`, async () => {
		const local = openMemoryStore();
		await local.txn([], [{ put: "identity", value: damaged }]);
		await assert.rejects(readIdentity(local), (error: Error & { code?: string }) => {
			assert.equal(error.code, "DATABASE_DAMAGED");
			assert.ok(error.message.includes(local.health.url));
			return true;
		});
		assert.equal((await local.get("identity"))?.value, damaged);
	});
