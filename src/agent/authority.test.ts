import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Authority } from "./authority.ts";
import { request } from "./certificates.ts";
import { readCredentials, writeCredentials } from "./credentials.ts";

const root = mkdtempSync(join(tmpdir(), "weft-authority-"));
const [whole, dir] = [join(root, "whole"), join(root, "pki")];
let authority: Authority;

before(async () => {
	authority = await Authority.open(whole, "host1");
});
beforeEach(() => {
	rmSync(dir, { recursive: true, force: true });
	cpSync(whole, dir, { recursive: true });
});
after(() => rmSync(root, { recursive: true }));

/** Whether `opened` gives certificates that the members of the first one trust. */
async function isTheSame(opened: Authority): Promise<boolean> {
	const issued = new X509Certificate(await opened.admit((await request("host2")).csr));
	return issued.verify(new X509Certificate(authority.certificate).publicKey);
}

test("Authority.open() finds again what it made", async () => {
	const again = await Authority.open(dir, "host1");
	assert.deepEqual(again.credentials, authority.credentials);
	assert.ok(await isTheSame(again));
});

test("Authority.open() reads an authority whose certificate stands in its own file alone", async () => {
	const path = join(dir, "ca.key");
	writeFileSync(path, readFileSync(path, "utf8").split("-----BEGIN CERTIFICATE")[0] ?? "");
	assert.ok(await isTheSame(await Authority.open(dir, "host1")));
});

for (const file of ["ca.crt", "agent.crt", "agent.key"])
	test(`Authority.open() makes this host's credentials anew, and no other authority, when ${file} was not written`, async () => {
		rmSync(join(dir, file));
		const again = await Authority.open(dir, "host1");
		assert.ok(await isTheSame(again));
		assert.deepEqual(readCredentials(dir), again.credentials);
	});

test("Authority.open() comes back to its own after the host was a member of another cluster", async () => {
	const other = await Authority.open(join(root, "other"), "host9");
	await writeCredentials(dir, other.credentials);
	const again = await Authority.open(dir, "host1");
	assert.ok(await isTheSame(again));
	assert.deepEqual(readCredentials(dir), again.credentials);
});

test("Authority.open() makes no other authority in the place of one whose key is gone", async () => {
	rmSync(join(dir, "ca.key"));
	await assert.rejects(Authority.open(dir, "host1"), { code: "CONFIG_INVALID", message: /ca\.key: it is gone/ });
	assert.deepEqual(readCredentials(dir), authority.credentials);
});

test("Authority.open() makes one on a host that was a member of another's cluster", async () => {
	const { csr, key } = await request("host2");
	rmSync(dir, { recursive: true });
	await writeCredentials(dir, { ca: authority.certificate, certificate: await authority.admit(csr), key });
	assert.equal(await isTheSame(await Authority.open(dir, "host2")), false);
});

test("Authority.open() says that ca.key was cut, wherever it was, and leaves it there", async () => {
	const path = join(dir, "ca.key");
	// The certificate behind the key stands in ca.crt, too.
	const { length } = readFileSync(path, "utf8").split("-----BEGIN CERTIFICATE")[0] ?? "";
	for (let size = length - 3; size >= 0; size -= 29) {
		truncateSync(path, size);
		await assert.rejects(Authority.open(dir, "host1"), { code: "CONFIG_INVALID", message: /ca\.key: it is damaged/ });
		assert.equal(readFileSync(path).length, size);
	}
});

test("Authority.open() does not take the key of another certificate", async () => {
	const key = readFileSync(join(whole, "agent.key"), "utf8");
	writeFileSync(join(dir, "ca.key"), key);
	await assert.rejects(Authority.open(dir, "host1"), { code: "CONFIG_INVALID", message: /not the key of its cert/ });
});
