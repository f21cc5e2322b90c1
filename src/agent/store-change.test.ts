import assert from "node:assert/strict";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ipv4 } from "../model/address.ts";
import { localKeys } from "../model/keys.ts";
import { prefix } from "../model/prefix.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import { Authority } from "./authority.ts";
import { readCredentials } from "./credentials.ts";
import { readIdentity, writeIdentity } from "./identity.ts";
import { ownAuthority } from "./own-store.ts";
import { paths } from "./paths.ts";
import { applyStoreChange, noteStoreChange } from "./store-change.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-change-"));
after(() => rmSync(dir, { recursive: true }));

/** A host that is a member of another host's authority. */
async function member(name: string) {
	const at = { stateDir: join(dir, name), runDir: join(dir, name) };
	const authority = await Authority.open(join(dir, `${name}-store`), "store");
	const { request } = await import("./certificates.ts");
	const { writeCredentials } = await import("./credentials.ts");
	const { csr, key } = await request(name);
	const credentials = { ca: authority.certificate, certificate: await authority.admit(csr), key };
	await writeCredentials(paths.pki(at), credentials);
	const local = openMemoryStore();
	await writeIdentity(local, {
		id: "a".repeat(32),
		name,
		vtep: ipv4("192.168.56.102"),
		underlayDev: "eth0",
		storeUrl: "weft://192.168.56.101:4790",
		gatewaySubnet: prefix("172.18.0.0/16"),
		epoch: 1,
		joinedAt: "2026-01-01T00:00:00.000Z",
	});
	return { at, local, credentials };
}

test("applyStoreChange() without a note changes nothing", async () => {
	const { at, local, credentials } = await member("quiet");
	await applyStoreChange(local, at);
	assert.equal((await readIdentity(local))?.storeUrl, "weft://192.168.56.101:4790");
	assert.deepEqual(readCredentials(paths.pki(at)), credentials);
});

test("applyStoreChange() puts the certificate and the store of a note in place, once", async () => {
	const [one, two] = [await member("one"), await member("two")];
	await noteStoreChange(one.local, { storeUrl: "weft://192.168.56.102:4790", credentials: two.credentials });
	assert.equal((await readIdentity(one.local))?.storeUrl, "weft://192.168.56.101:4790");
	await applyStoreChange(one.local, one.at);
	assert.equal((await readIdentity(one.local))?.storeUrl, "weft://192.168.56.102:4790");
	assert.deepEqual(readCredentials(paths.pki(one.at)), two.credentials);
	assert.equal(await one.local.get(localKeys.storeChange), undefined);
});

for (const done of [0, 1, 2])
	test(`applyStoreChange() goes on with an own authority after ${done} of its two renames`, async () => {
		const { at, local } = await member(`own${done}`);
		const authority = await ownAuthority(at, "host");
		assert.ok(!Authority.isOwn(paths.pki(at)), "what is used still is touched");
		await noteStoreChange(local, { storeUrl: "sqlite:", ownAuthority: true });
		if (done > 0) renameSync(paths.pki(at), paths.pkiFormer(at));
		if (done > 1) renameSync(paths.pkiNext(at), paths.pki(at));
		await applyStoreChange(local, at);
		assert.ok(Authority.isOwn(paths.pki(at)));
		assert.equal(readCredentials(paths.pki(at))?.ca, authority.certificate);
		assert.ok(existsSync(paths.pkiFormer(at)) && !existsSync(paths.pkiNext(at)));
		assert.equal((await readIdentity(local))?.storeUrl, "sqlite:");
	});

test("ownAuthority() takes the one that the host has, where its certificate is of that one", async () => {
	const at = { stateDir: join(dir, "authority"), runDir: dir };
	const first = await ownAuthority(at, "host");
	assert.equal((await ownAuthority(at, "host")).certificate, first.certificate);
	assert.ok(!existsSync(paths.pkiNext(at)));
});
