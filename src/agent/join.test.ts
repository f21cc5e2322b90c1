import "reflect-metadata";
import assert from "node:assert/strict";
import { webcrypto, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as x509 from "@peculiar/x509";
import { freePort } from "../../test/free-port.ts";
import { sampleHost } from "../../test/samples.ts";
import { keys } from "../model/keys.ts";
import { openEtcdStore } from "../store/etcd.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import { admitByStoreHost, admitHere } from "./admission.ts";
import { postToAgent } from "./agent-post.ts";
import { Authority } from "./authority.ts";
import { request } from "./certificates.ts";
import { agentName, fingerprint, readCredentials, storeName } from "./credentials.ts";
import { joinCluster } from "./join-client.ts";
import { listenForHosts } from "./listener.ts";
import { agentAddresses, createToken, parseToken } from "./tokens.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-join-"));
const store = openMemoryStore();
const address = "127.0.0.1";
const port = await freePort(address);
const storeUrl = `weft://${address}:${port}`;
/** The agents of other hosts: the same port at other addresses. */
const [relayAddress, lonelyAddress, absentAddress] = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
let authority: Authority;
let listener: { close(): Promise<void> };

before(async () => {
	authority = await Authority.open(dir, "host1");
	listener = await listenForHosts({
		store,
		admit: admitHere(store, authority, storeUrl),
		credentials: authority.credentials,
		onStrangersClosed: () => assert.fail(),
		address,
		port,
	});
});

after(async () => {
	await listener.close();
	await store.close();
	rmSync(dir, { recursive: true });
});

function token(
	changes: { addresses?: readonly string[]; fingerprint?: string; expiresAt?: number } = {},
): Promise<string> {
	const now = Date.now();
	return createToken(
		store,
		{
			addresses: [`${address}:${port}`],
			fingerprint: fingerprint(authority.certificate),
			expiresAt: now + 60_000,
			...changes,
		},
		now,
	);
}

test("joinCluster() gives a certificate that opens the store", async () => {
	const { ca, certificate, key, storeUrl } = await joinCluster(await token(), { hostName: "host2" });
	assert.equal(storeUrl, `weft://${address}:${port}`);
	const tls = { ca, cert: certificate, key, serverName: storeName };
	const member = openEtcdStore(storeUrl, [`https://${address}:${port}`], { tls });
	assert.equal(await member.txn([], [{ put: "a", value: "1" }]), store.revision);
	assert.equal((await store.get("a"))?.value, "1");
	await member.close();
});

/** Runs `work` while the agent of a host without the store listens. */
async function withRelay(at: string, store: string, work: () => Promise<void>): Promise<void> {
	const member = await joinCluster(await token(), { hostName: "host2" });
	const admit = admitByStoreHost(store, member);
	const relay = await listenForHosts({
		credentials: member,
		address: at,
		port,
		admit,
		onStrangersClosed: () => assert.fail(),
	});
	try {
		await work();
	} finally {
		await relay.close();
	}
}

test("joinCluster() joins by a host that has not the store", () =>
	withRelay(relayAddress, storeUrl, async () => {
		const once = await token({ addresses: [`${absentAddress}:${port}`, `${relayAddress}:${port}`] });
		assert.equal((await joinCluster(once, { hostName: "host3" })).storeUrl, storeUrl);
		await assert.rejects(joinCluster(once, { hostName: "host4" }), { code: "TOKEN_USED" });
	}));

test("joinCluster() goes on to the next host when one cannot reach the store's", () =>
	withRelay(lonelyAddress, `weft://${absentAddress}:${port}`, async () => {
		const lonely = `${lonelyAddress}:${port}`;
		const once = await token({ addresses: [lonely, `${address}:${port}`] });
		assert.equal((await joinCluster(once, { hostName: "host3" })).storeUrl, storeUrl);
		await assert.rejects(joinCluster(await token({ addresses: [lonely] }), { hostName: "host3" }), {
			code: "STORE_UNREACHABLE",
			cause: /the store's host \(127\.0\.0\.4\) does not answer/,
		});
	}));

test("a host without the store gives it to nobody", () =>
	withRelay(relayAddress, storeUrl, async () => {
		const { ca, certificate: cert, key } = await joinCluster(await token(), { hostName: "host3" });
		const tls = { ca, cert, key, serverName: storeName };
		const store = openEtcdStore("weft://x", [`https://${relayAddress}:${port}`], { tls });
		await assert.rejects(store.list(""));
		await store.close();
	}));

test("one token lets in one of many that come with it at the same time", async () => {
	const once = await token();
	const tries = await Promise.allSettled(["a", "b", "c"].map((hostName) => joinCluster(once, { hostName })));
	assert.equal(tries.filter(({ status }) => status === "fulfilled").length, 1);
});

test("a joiner whose answer was lost may ask again with the same key", async () => {
	const { secret } = parseToken(await token());
	const { csr } = await request("host2");
	const admit = admitHere(store, authority, storeUrl);
	await admit({ secret, csr });
	await admit({ secret, csr });
	await assert.rejects(admit({ secret, csr: (await request("host2")).csr }), { code: "TOKEN_USED" });
});

test("agentAddresses() lists all agents that can be read, those that live first", async () => {
	const hosts = [1, 2].map(sampleHost).map((host) => ({ put: keys.host(host.id), value: JSON.stringify(host) }));
	const garbage = { put: keys.host("garbage"), value: '{"vtep":"x"}' };
	await store.txn([], [...hosts, garbage, { put: keys.aliveHost(sampleHost(2).id), value: "{}" }]);
	assert.deepEqual(await agentAddresses(store), ["192.168.56.102:4790", "192.168.56.101:4790"]);
});

test("joinCluster() refuses a token that was used", async () => {
	const once = await token();
	await joinCluster(once, { hostName: "host2" });
	await assert.rejects(joinCluster(once, { hostName: "host3" }), { code: "TOKEN_USED" });
});

test("joinCluster() refuses a token that has expired", async () => {
	await assert.rejects(joinCluster(await token({ expiresAt: Date.now() - 1 }), { hostName: "host2" }), {
		code: "TOKEN_EXPIRED",
	});
});

test("joinCluster() refuses a token that is not this cluster's", async () => {
	const foreign = await token();
	await store.txn([], [{ deletePrefix: "tokens" }]);
	await assert.rejects(joinCluster(foreign, { hostName: "host2" }), { code: "TOKEN_INVALID" });
});

test("joinCluster() tells its secret to nobody but the token's authority", async () => {
	const wrong = await token({ fingerprint: "0".repeat(64) });
	await assert.rejects(joinCluster(wrong, { hostName: "host2" }), { code: "STORE_REFUSED" });
	const { entries } = await store.list("tokens");
	assert.ok(entries.every(({ value }) => !value.includes("usedAt")));
});

test("joinCluster() says which agents did not answer", async () => {
	const now = Date.now();
	const lost = await createToken(
		store,
		{ addresses: ["127.0.0.1:1"], fingerprint: "0".repeat(64), expiresAt: now + 1000 },
		now,
	);
	await assert.rejects(joinCluster(lost, { hostName: "host2" }), {
		code: "STORE_UNREACHABLE",
		message: /127\.0\.0\.1:1/,
	});
});

for (const [what, text] of [
	["nothing", ""],
	["half of it", "weft1.eyJhZGRyZXNzZXMi"],
	["something else", "SWMTKN-1-abc"],
] as const)
	test(`joinCluster() refuses ${what} as a token`, async () => {
		await assert.rejects(joinCluster(text, { hostName: "host2" }), { code: "TOKEN_INVALID" });
	});

test("the store is closed to those without a certificate of the cluster", async () => {
	const { ca } = await joinCluster(await token(), { hostName: "host2" });
	const stranger = openEtcdStore("weft://x", [`https://${address}:${port}`], { tls: { ca, serverName: storeName } });
	await assert.rejects(stranger.list(""), { code: "STORE_REFUSED" });
	await stranger.close();
});

test("listenForHosts() is told where the store is by the store's own host, and by no other member", async () => {
	const member = await joinCluster(await token(), { hostName: "host2" });
	const told: string[] = [];
	const other = await listenForHosts({
		credentials: member,
		address: relayAddress,
		port,
		admit: admitByStoreHost(storeUrl, member),
		onStoreMove: async (move) => void told.push(move.storeUrl),
		onStrangersClosed: () => assert.fail(),
	});
	const tell = ({ certificate: cert, key }: { certificate: string; key: string }, where: string) => {
		const peer = { host: relayAddress, port, ca: member.ca, cert, key, servername: agentName };
		return postToAgent(peer, "/store", JSON.stringify({ storeUrl: where }), 2_000);
	};
	try {
		await assert.rejects(tell(member, "weft://10.9.9.9:4790"), { code: "ROUTE_NOT_FOUND" });
		assert.deepEqual(told, []);
		const own = readCredentials(dir);
		assert.ok(own);
		await tell(own, "weft://10.0.0.7:4790");
		assert.deepEqual(told, ["weft://10.0.0.7:4790"]);
	} finally {
		await other.close();
	}
});

test("Authority.admit() gives a joiner no name that it asks for", async () => {
	const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
	const asked = await x509.Pkcs10CertificateRequestGenerator.create({
		name: [{ CN: [storeName] }],
		keys: await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]),
		signingAlgorithm: algorithm,
		extensions: [
			new x509.SubjectAlternativeNameExtension([{ type: "dns", value: storeName }]),
			new x509.BasicConstraintsExtension(true, 0, true),
		],
	});
	const certificate = new X509Certificate(await authority.admit(asked.toString("pem")));
	assert.equal(certificate.subjectAltName, `DNS:${agentName}`);
	assert.equal(certificate.ca, false);
});
