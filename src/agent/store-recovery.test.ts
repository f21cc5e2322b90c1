import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import pino from "pino";
import { freePort } from "../../test/free-port.ts";
import { sampleEndpoint, sampleHost, sampleNetwork } from "../../test/samples.ts";
import { moveIn } from "../control/freeze.ts";
import { check } from "../control/upkeep/repair.ts";
import { WeftError } from "../model/error.ts";
import { keys, localKeys } from "../model/keys.ts";
import type { Move } from "../model/move.ts";
import { openMemoryStore, openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { admitHere } from "./admission.ts";
import { Authority } from "./authority.ts";
import { fingerprint } from "./credentials.ts";
import { listenForHosts } from "./listener.ts";
import { paths } from "./paths.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreChange } from "./store-change.ts";
import { StoreRecovery } from "./store-recovery.ts";
import { createToken, parseToken } from "./tokens.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-recovery-"));
const address = "127.0.0.1";
/** The store of the cluster that hosts join. */
const joined = openMemoryStore();
let authority: Authority;
let port: number;
let listener: { close(): Promise<void> };

before(async () => {
	port = await freePort(address);
	authority = await Authority.open(join(dir, "authority"), "host9");
	const admit = admitHere(joined, authority, `weft://${address}:${port}`);
	const { credentials } = authority;
	listener = await listenForHosts({ store: joined, admit, credentials, address, port, onStrangersClosed: () => {} });
});
after(async () => {
	await listener.close();
	rmSync(dir, { recursive: true });
});

const [self, lost, other] = [sampleHost(2), sampleHost(1), sampleHost(3)];
const network = sampleNetwork();
const endpoints = [sampleEndpoint(network, 2, self), sampleEndpoint(network, 3, other)];
const answering = async (mark?: Move): Promise<Store> => {
	const store = openMemoryStore();
	if (mark !== undefined) await store.txn([], [{ put: keys.moving, value: JSON.stringify(mark) }]);
	return store;
};
const silent = {
	get: async () => {
		throw new WeftError("STORE_UNREACHABLE", "Cannot reach the store");
	},
} as unknown as Store;
const left: Move = { id: "1".repeat(32), state: "left", to: "weft://192.168.56.109:4790", by: "host9", at: "2026" };

/** host2, which remembers three hosts, a network, and an endpoint of its own and of host3; its store is, or was, on host1. */
async function host(name: string, bare: Store) {
	const local = openMemoryStore();
	const remember = (key: string, value: object) =>
		local.txn([], [{ put: `${localKeys.copy}/${key}`, value: JSON.stringify(value) }]);
	for (const one of [self, lost, other]) await remember(keys.host(one.id), one);
	await remember(keys.network(network.id), network);
	for (const endpoint of endpoints) await remember(keys.endpoint(network.id, endpoint.id), endpoint);
	const at = { stateDir: mkdtempSync(join(dir, name)), runDir: dir };
	const changes: StoreChange[] = [];
	const runtime = {
		identity: { ...self, storeUrl: `weft://${lost.vtep}:4790` },
		paths: at,
		control: { local, now: () => Date.now() },
		view: { hosts: new Map([self, lost, other].map((one) => [one.id, one])) },
		log: pino({ level: "silent" }),
	} as unknown as Runtime;
	const cluster = { store: bare, bare, createToken: () => Promise.reject(new Error("none")), close: async () => {} };
	const recovery = new StoreRecovery(runtime, cluster, async (change) => void changes.push(change));
	return { recovery, changes, at };
}

function token(): Promise<string> {
	const now = Date.now();
	const details = { addresses: [`${address}:${port}`], fingerprint: fingerprint(authority.certificate) };
	return createToken(joined, { ...details, expiresAt: now + 60_000 }, now);
}

test("StoreRecovery does nothing as long as the store answers", async () => {
	const { recovery, changes, at } = await host("answering", await answering());
	await assert.rejects(recovery.recover(), { code: "CONFLICT", message: /the cluster's store at weft:.* answers$/ });
	await assert.rejects(recovery.join(await token()), { code: "CONFLICT" });
	assert.deepEqual(changes, []);
	assert.ok(!existsSync(paths.storeDb(at)));
});

test("StoreRecovery.join() of a host that could not follow takes the state as it is there", async () => {
	const { recovery, changes } = await host("left", await answering(left));
	await assert.rejects(recovery.recover(), { code: "CONFLICT", message: /it is in another store by now$/ });
	const { storeUrl } = await recovery.join(await token());
	assert.equal(storeUrl, `weft://${address}:${port}`);
	assert.equal(changes[0]?.storeUrl, storeUrl);
	assert.equal(changes[0]?.credentials?.ca, authority.certificate);
	assert.deepEqual((await joined.list(keys.networks)).entries, []);
});

test("StoreRecovery.join() of a host whose store is lost puts back what it remembers", async () => {
	const { recovery, changes } = await host("lost", silent);
	await recovery.join(await token());
	assert.equal(changes.length, 1);
	assert.equal((await joined.list(keys.endpoints(network.id))).entries.length, 2);
});

test("StoreRecovery.recover() makes a sound store, an authority and a token for each other host, and does so again", async () => {
	const { recovery, changes, at } = await host("recover", silent);
	for (const time of [1, 2]) {
		const { networks, endpoints: count, hosts, joins } = await recovery.recover();
		assert.deepEqual([networks, count, hosts], [1, 2, 3]);
		assert.deepEqual(
			joins.map(({ host: name, hadStore }) => [name, hadStore]),
			[
				["host1", true],
				["host3", false],
			],
		);
		const made = await Authority.open(paths.pki(at), "host2");
		assert.equal(parseToken(joins[0]?.token ?? "").fingerprint, fingerprint(made.certificate));
		assert.deepEqual(changes.at(-1), { storeUrl: "sqlite:", ownAuthority: true });
		assert.equal(changes.length, time);
		const store = await openSqliteStore(paths.storeDb(at), { create: false });
		assert.equal(moveIn(await store.get(keys.moving))?.state, "arriving");
		const { findings } = await check(store, Date.now());
		assert.deepEqual(
			findings.map(({ finding }) => finding.code),
			["STORE_FROZEN"],
		);
		await store.close();
	}
});
