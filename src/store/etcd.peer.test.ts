import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testCertificates } from "../../test/certificates.ts";
import { TestEtcd } from "../../test/etcd.ts";
import { type OpenedStore, storeContract } from "./contract.ts";
import { type EtcdOptions, openEtcdStore } from "./etcd.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-certificates-"));
process.once("exit", () => rmSync(dir, { recursive: true }));

function opened(etcd: TestEtcd, options: EtcdOptions, ctlFlags: readonly string[] = []): OpenedStore {
	const [store, other] = [0, 1].map(() => openEtcdStore("etcd://test", etcd.urls, options));
	assert.ok(store !== undefined && other !== undefined);
	return {
		store,
		other,
		compact: async (revision) => void (await etcd.ctl(...ctlFlags, "compact", `${revision}`)),
		async close() {
			await Promise.all([store.close(), other.close()]);
			await etcd.close();
		},
	};
}

/** An etcd over TLS, with client certificates, that knows two users: root, and weft, who may use weft's keys alone. */
async function guardedEtcd(): Promise<{ etcd: TestEtcd; options: EtcdOptions }> {
	const certificates = await testCertificates(dir);
	const etcd = await TestEtcd.start({ certificates });
	for (const command of [
		"role add weft",
		"role grant-permission weft --prefix=true readwrite weft/",
		"user add root:secret",
		"user grant-role root root",
		"user add weft:pass:word",
		"user grant-role weft weft",
		"auth enable",
	])
		await etcd.ctl(...command.split(" "));
	const { ca, cert, key } = certificates;
	return { etcd, options: { tls: { ca, cert, key }, user: { name: "weft", password: "pass:word" } } };
}

storeContract("etcd", async () => opened(await TestEtcd.start(), {}));

storeContract("etcd with TLS and a user", async () => {
	const { etcd, options } = await guardedEtcd();
	return opened(etcd, options, ["--user", "root:secret"]);
});

test("openEtcdStore() says what is wrong with certificates and users, and what to do", async (t) => {
	const { etcd, options } = await guardedEtcd();
	t.after(() => etcd.close());
	const { ca, cert, key } = options.tls ?? {};
	assert.ok(ca !== undefined && cert !== undefined && key !== undefined);
	const { user } = options;
	assert.ok(user !== undefined);
	const cases: [string, EtcdOptions, RegExp, RegExp][] = [
		["no authority", { tls: { cert, key }, user }, /Cannot trust the store at https:\/\/localhost:\d+/, /--store-ca/],
		["no client certificate", { tls: { ca }, user }, /client's certificate/, /--store-cert/],
		["a wrong password", { tls: { ca, cert, key }, user: { ...user, password: "wrong" } }, /refused/, /--store-user/],
		["no user", { tls: { ca, cert, key } }, /refused/, /--store-user/],
		["another root", { ...options, root: "other/" }, /refused/, /role/],
	];
	for (const [what, wrong, message, fix] of cases) {
		const store = openEtcdStore("etcd://test", etcd.urls, wrong);
		for (const call of [() => store.list(""), () => store.txn([], [{ put: "a", value: "1" }]), () => firstOf(store)])
			await assert.rejects(call(), (error: { code?: string; message: string; fix?: string }) => {
				assert.equal(error.code, "STORE_REFUSED", `${what}: ${error.message}`);
				assert.match(error.message, message, what);
				assert.match(error.fix ?? "", fix, what);
				return true;
			});
		assert.equal(store.health.reachable, false);
		assert.doesNotMatch(store.health.reason ?? "", /pass:word|wrong/);
		await store.close();
	}
});

function firstOf(store: ReturnType<typeof openEtcdStore>): Promise<unknown> {
	return store.watch("", { entries: [], revision: 1 }, AbortSignal.timeout(5_000))[Symbol.asyncIterator]().next();
}

test("openEtcdStore() takes a new token when the store has forgotten its own", async (t) => {
	const { etcd, options } = await guardedEtcd();
	t.after(() => etcd.close());
	const store = openEtcdStore("etcd://test", etcd.urls, options);
	await store.txn([], [{ put: "a", value: "1" }]);
	const watching = store.watch("", await store.list(""), AbortSignal.timeout(20_000))[Symbol.asyncIterator]();
	const next = watching.next();
	const [member] = etcd.members;
	await member?.kill();
	member?.start();
	await member?.until(() => etcd.ctl("--user", "root:secret", "get", "a"));
	assert.equal((await store.get("a"))?.value, "1");
	await store.txn([], [{ put: "b", value: "2" }]);
	const came = await next;
	assert.ok(came.done !== true);
	assert.deepEqual(
		came.value.events.map((event) => event.type === "put" && event.entry.key),
		["b"],
	);
	await store.close();
});

test("a watch of an etcd that was restored from a backup says that its cursor is lost", async (t) => {
	const etcd = await TestEtcd.start();
	t.after(() => etcd.close());
	const store = openEtcdStore("etcd://test", etcd.urls);
	await store.txn([], [{ put: "k/a", value: "1" }]);
	const backup = join(etcd.dir, "backup");
	await etcd.ctl("snapshot", "save", backup);
	await store.txn([], [{ put: "k/a", value: "2" }]);
	const told = store
		.watch("k", await store.list("k"), AbortSignal.timeout(20_000))
		[Symbol.asyncIterator]()
		.next();
	const lost = assert.rejects(told, { code: "STORE_CURSOR_LOST" });
	await etcd.restore(backup);
	await lost;
	assert.equal((await store.get("k/a"))?.value, "1");
	await store.close();
});
