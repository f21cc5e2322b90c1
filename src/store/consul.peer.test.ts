import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { testCertificates } from "../../test/certificates.ts";
import { TestConsul } from "../../test/consul.ts";
import { type ConsulOptions, openConsulStore } from "./consul.ts";
import { type OpenedStore, storeContract } from "./contract.ts";
import type { Store } from "./store.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-certificates-"));
process.once("exit", () => rmSync(dir, { recursive: true }));

function opened(consul: TestConsul, options: ConsulOptions): OpenedStore {
	const [store, other] = [0, 1].map(() => openConsulStore("consul://test", consul.urls, options));
	assert.ok(store !== undefined && other !== undefined);
	return {
		store,
		other,
		async close() {
			await Promise.all([store.close(), other.close()]);
			await consul.close();
		},
	};
}

const rootToken = "b1gs33cr-3333-4444-5555-666666666666";

/** A Consul over TLS, with client certificates, that lets none do anything but by a token. */
async function guardedConsul(): Promise<{ consul: TestConsul; options: ConsulOptions }> {
	const certificates = await testCertificates(dir);
	const consul = await TestConsul.start({ certificates, rootToken });
	const { ca, cert, key } = certificates;
	return { consul, options: { tls: { ca, cert, key }, token: await newToken(consul, "weft", rules("weft/")) } };
}

const rules = (prefix: string) => `key_prefix "${prefix}" { policy = "write" }\nsession_prefix "" { policy = "write" }`;

/** @returns The secret of a token that may do what the rules say. */
async function newToken(consul: TestConsul, name: string, text: string): Promise<string> {
	const file = join(dir, `${name}.hcl`);
	writeFileSync(file, text);
	await consul.ctl("acl", "policy", "create", "-name", name, "-rules", `@${file}`);
	const token = await consul.ctl("acl", "token", "create", "-policy-name", name, "-format", "json");
	return (JSON.parse(token) as { SecretID: string }).SecretID;
}

storeContract("consul", async () => opened(await TestConsul.start(), {}));

storeContract("consul with TLS and ACL", async () => {
	const { consul, options } = await guardedConsul();
	return opened(consul, options);
});

test("openConsulStore() says what is wrong with certificates and tokens, and what to do", async (t) => {
	const { consul, options } = await guardedConsul();
	t.after(() => consul.close());
	const { ca, cert, key } = options.tls ?? {};
	assert.ok(ca !== undefined && cert !== undefined && key !== undefined);
	const tls = { ca, cert, key };
	const { token } = options;
	assert.ok(token !== undefined);
	const unknown = "00000000-1111-2222-3333-444444444444";
	const readOnly = await newToken(consul, "reader", 'key_prefix "weft/" { policy = "read" }');
	const cases: [string, ConsulOptions, RegExp, RegExp, ((store: Store) => Promise<unknown>)[]][] = [
		["no authority", { tls: { cert, key }, token }, /Cannot trust the store at https:/, /--store-ca/, all],
		["no client certificate", { tls: { ca }, token }, /client's certificate/, /--store-cert/, all],
		["no token", { tls }, /ACL/, /key_prefix "weft\/"/, all],
		["an unknown token", { tls, token: unknown }, /ACL/, /--store-token-file/, all],
		["another root", { tls, token, root: "other/" }, /ACL/, /key_prefix "other\/"/, all.slice(0, 3)],
		["a token that may read", { tls, token: readOnly }, /ACL/, /policy = "write"/, all.slice(2)],
	];
	await openConsulStore("consul://test", consul.urls, options).txn([], [{ put: "a", value: "1" }]);
	for (const [what, wrong, message, fix, calls] of cases) {
		const store = openConsulStore("consul://test", consul.urls, wrong);
		for (const [n, call] of calls.entries())
			await assert.rejects(call(store), (error: { code?: string; message: string; fix?: string }) => {
				assert.equal(error.code, "STORE_REFUSED", `${what}, ${n}: ${error.message}`);
				assert.match(error.message, message, what);
				assert.match(error.fix ?? "", fix, what);
				return true;
			});
		assert.equal(store.health.reachable, false);
		for (const secret of [token, unknown, readOnly]) assert.ok(!store.health.reason?.includes(secret));
		await store.close();
	}
});

const all = [
	(store: Store) => store.list("hosts"),
	(store: Store) =>
		store.watch("hosts", { entries: [], revision: 1 }, AbortSignal.timeout(5_000))[Symbol.asyncIterator]().next(),
	(store: Store) => store.txn([], [{ put: "a", value: "1" }]),
	(store: Store) => store.lease(10),
];

test("a watch of a Consul that was restored from a backup tells the difference", async (t) => {
	const consul = await TestConsul.start();
	t.after(() => consul.close());
	const store = openConsulStore("consul://test", consul.urls);
	for (const key of ["k/kept", "k/changed", "k/deleted"]) await store.txn([], [{ put: key, value: "1" }]);
	const backup = join(consul.dir, "backup");
	await consul.ctl("snapshot", "save", backup);
	await store.txn([], [{ put: "k/changed", value: "2" }, { delete: "k/deleted" }]);
	await store.txn([], [{ put: "k/lost", value: "1" }]);
	const now = new Map((await store.list("k")).entries.map(({ key, value }) => [key, value]));
	const ended = new AbortController();
	const watching = store.watch(
		"k",
		await store.list("k"),
		AbortSignal.any([ended.signal, AbortSignal.timeout(20_000)]),
	);
	const restoring = sleep(300).then(() => consul.ctl("snapshot", "restore", backup));
	for await (const { events } of watching) {
		for (const event of events)
			if (event.type === "put") now.set(event.entry.key, event.entry.value);
			else now.delete(event.key);
		if (!now.has("k/lost")) ended.abort();
	}
	await restoring;
	assert.deepEqual(Object.fromEntries(now), { "k/kept": "1", "k/changed": "1", "k/deleted": "1" });
	await store.close();
});
