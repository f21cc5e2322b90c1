import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type TestCertificates, testCertificates } from "../../test/certificates.ts";
import type { StoreFlags } from "../model/launch.ts";
import { paths } from "./paths.ts";
import { credentialsFor, readStoreCredentials, writeStoreCredentials } from "./store-credentials.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-credentials-"));
const host = { stateDir: dir, runDir: dir };
let pki: TestCertificates;
before(async () => {
	pki = await testCertificates(dir);
	writeFileSync(join(dir, "secret"), "s3cret\n");
	writeFileSync(join(dir, "empty"), "\n");
	writeFileSync(join(dir, "text"), "no PEM");
});
after(() => rmSync(dir, { recursive: true }));

const secret = join(dir, "secret");

test("credentialsFor() reads the files, and a flag replaces its own part of what is kept", () => {
	const { ca, cert, key } = pki.files;
	const given = credentialsFor("etcds://a", { ca, cert, key, user: "weft", passwordFile: secret }, {});
	const read = { ca: pki.ca.trim(), cert: pki.cert.trim(), key: pki.key.trim(), user: "weft", password: "s3cret" };
	assert.deepEqual(given, read);
	assert.deepEqual(credentialsFor("etcds://a", { user: "other" }, given), { ...read, user: "other" });
	assert.deepEqual(credentialsFor("consul://a", { tokenFile: secret }, {}), { token: "s3cret" });
	assert.deepEqual(credentialsFor("sqlite:", {}, {}), {});
});

test("credentialsFor() says which flag is wrong, and tells no secret", () => {
	const { ca, cert, key, serverKey } = pki.files;
	const cases: [string, StoreFlags, RegExp][] = [
		["etcds://a", { ca: join(dir, "none") }, /Cannot read --store-ca .*none/],
		["etcds://a", { ca: join(dir, "text") }, /--store-ca .*text: it is no certificate/],
		["etcds://a", { cert, key: cert }, /--store-key .*: it is no private key/],
		["etcds://a", { cert, key: serverKey }, /it is not the key of --store-cert/],
		["etcds://a", { cert }, /--store-cert without --store-key/],
		["etcds://a", { user: "weft" }, /--store-user without --store-password-file/],
		["etcds://a", { passwordFile: secret }, /--store-password-file without --store-user/],
		["etcd://a", { tokenFile: secret }, /--store-token-file with etcd:\/\/a: etcd has users/],
		["consul://a", { user: "weft", passwordFile: secret }, /--store-user with consul:\/\/a: Consul has tokens/],
		["consul://a", { tokenFile: join(dir, "empty") }, /it is empty/],
		["consul://a", { tokenFile: key }, /it is no token/],
		["consul://a", { ca }, /without TLS/],
		["sqlite:", { ca }, /it is not a store of your own/],
	];
	for (const [url, flags, message] of cases)
		assert.throws(
			() => credentialsFor(url, flags, {}),
			(error: { code?: string; message: string; fix?: string }) => {
				assert.equal(error.code, "ARGUMENT_INVALID");
				assert.match(error.message, message);
				assert.ok(error.fix);
				return !error.message.includes("s3cret");
			},
			JSON.stringify(flags),
		);
});

test("writeStoreCredentials() keeps them for that store alone, readable by their owner alone", async () => {
	const credentials = { token: "s3cret" };
	await writeStoreCredentials(host, { storeUrl: "consul://a", credentials });
	assert.deepEqual(readStoreCredentials(host, "consul://a"), credentials);
	assert.deepEqual(readStoreCredentials(host, "consul://b"), {});
	assert.equal(statSync(paths.storeCredentials(host)).mode & 0o777, 0o600);
});

test("readStoreCredentials() says that they are damaged, and repeats nothing of them", () => {
	const path = paths.storeCredentials(host);
	writeFileSync(path, readFileSync(path, "utf8").replace('"s3cret', "s3cret"));
	assert.throws(
		() => readStoreCredentials(host, "consul://a"),
		(error: { code?: string; message: string }) => error.code === "CONFIG_INVALID" && !error.message.includes("s3cret"),
	);
});
