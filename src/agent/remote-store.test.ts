import assert from "node:assert/strict";
import { test } from "node:test";
import { etcdServers, openRemoteStore, storeSchemeOf } from "./remote-store.ts";

test("etcdServers() lists the servers, at etcd's port unless another is said", () => {
	assert.deepEqual(etcdServers("etcd://10.0.0.5,etcd-2.example:12379,[fd00::1]:2379"), [
		"http://10.0.0.5:2379",
		"http://etcd-2.example:12379",
		"http://[fd00::1]:2379",
	]);
});

for (const url of ["etcd://", "etcd://a,,b", "etcd://a b", "etcd://user@a", "etcd://a/path"])
	test(`etcdServers() refuses ${url}`, () => {
		assert.throws(() => etcdServers(url), { code: "ARGUMENT_INVALID" });
	});

for (const url of ["", "redis://a", "/var/lib/x", "toString:"])
	test(`storeSchemeOf() refuses "${url}"`, () => {
		assert.throws(() => storeSchemeOf(url), { code: "ARGUMENT_INVALID" });
	});

test("openRemoteStore() wants a certificate for weft://", async () => {
	const nowhere = { stateDir: "/nonexistent", runDir: "/nonexistent" };
	await assert.rejects(openRemoteStore("weft://10.0.0.1:4790", nowhere), { code: "CONFIG_INVALID" });
});
