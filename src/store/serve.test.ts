import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { connect as connectTcp } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { ask, framed, storeWithHostileMember } from "../../test/hostile-member.ts";
import { limits } from "./serve/limits.ts";

let world: Awaited<ReturnType<typeof storeWithHostileMember>>;
let raw: ClientHttp2Session;

before(async () => {
	world = await storeWithHostileMember();
	raw = world.openRaw();
});
after(async () => {
	raw.destroy();
	await world.close();
});

test("storeHandler() answers what is no gRPC, and whose authority is none", async () => {
	const statusOf = async (stream: ClientHttp2Stream) => {
		const [headers] = (await once(stream.resume(), "response")) as [Record<string, unknown>];
		return headers[":status"];
	};
	assert.equal(await statusOf(ask(raw, "KV/Range", { ":authority": "%%%[::" }).end()), 404);
	assert.equal(await statusOf(ask(raw, "KV/Range", { "content-type": "application/json" }).end("{}")), 415);
	assert.equal(await statusOf(ask(raw, "KV/Nothing").end()), 404);
	const plain = connectTcp(world.port, "127.0.0.1").on("error", () => {});
	plain.end("POST /etcdserverpb.KV/Range HTTP/1.0\r\n\r\n").resume();
	await once(plain, "close");
	await world.assertHonestGoesOn();
});

const put = (key: Uint8Array, value = Buffer.from("x")) => ({
	request: { case: "requestPut" as const, value: { key, value } },
});

const refused: Readonly<Record<string, () => Promise<unknown>>> = {
	"a key that is too long": () =>
		world.kv.put({ key: Buffer.from(`weft/${"k".repeat(limits.keyBytes)}`), value: Buffer.from("x") }),
	"a key with a control character": () => world.kv.put({ key: Buffer.from("weft/a\0b"), value: Buffer.from("x") }),
	"a key that is not UTF-8": () =>
		world.kv.put({ key: Buffer.from([...Buffer.from("weft/"), 0xff]), value: Buffer.from("x") }),
	"a key outside of weft's": () => world.kv.put({ key: Buffer.from("other/a"), value: Buffer.from("x") }),
	"a value that is not UTF-8": () => world.kv.put({ key: Buffer.from("weft/b"), value: Buffer.from([0xc3, 0x28]) }),
	"a transaction of too many operations": () =>
		world.kv.txn({ success: Array.from({ length: limits.operations + 1 }, (_, n) => put(Buffer.from(`weft/${n}`))) }),
	"a lease of 292 million years": () => world.lease.leaseGrant({ TTL: 2n ** 53n * 1_000n }),
};
for (const [what, call] of Object.entries(refused))
	test(`storeHandler() refuses ${what}, and says why`, async () => {
		await assert.rejects(call(), (error: { code: Code; rawMessage: string }) => {
			assert.equal(error.code, Code.InvalidArgument);
			assert.match(error.rawMessage, /^Cannot /);
			return true;
		});
		await world.assertHonestGoesOn();
	});

test("storeHandler() refuses to forget what is to come, and those who watch go on", async () => {
	await assert.rejects(world.kv.compact({ revision: 2n ** 63n - 1n }), { code: Code.OutOfRange });
	const watching = world.honest
		.watch("after", { entries: [], revision: world.held.revision }, AbortSignal.timeout(5_000))
		[Symbol.asyncIterator]();
	const next = watching.next();
	await world.honest.txn([], [{ put: "after/a", value: "1" }]);
	assert.equal((await next).done, false);
	await watching.return?.();
});

test("storeHandler() reads no more of a request than it may have", async () => {
	const value = Buffer.alloc(limits.requestBytes, "x");
	await assert.rejects(world.kv.put({ key: Buffer.from("weft/b"), value }), { code: Code.ResourceExhausted });
	await assert.rejects(
		(async () => {
			const opened = (async function* () {
				yield { requestUnion: { case: "createRequest" as const, value: { key: value } } };
				await sleep(5_000, undefined, { ref: false });
			})();
			for await (const answer of world.watch.watch(opened)) assert.fail(JSON.stringify(answer.watchId));
		})(),
		{ code: Code.ResourceExhausted },
	);
	await world.assertHonestGoesOn();
});

test("storeHandler() gives a lease that is too short a second, and one member only so many", async () => {
	const first = await world.lease.leaseGrant({ TTL: -5n });
	assert.equal(first.TTL, 1n);
	const ids = [first.ID];
	while (ids.length < limits.leases) ids.push((await world.lease.leaseGrant({ TTL: 60n })).ID);
	await assert.rejects(world.lease.leaseGrant({ TTL: 60n }), { code: Code.ResourceExhausted });
	await (await world.honest.lease(5)).revoke();
	for (const ID of ids) await world.lease.leaseRevoke({ ID });
	await world.lease.leaseRevoke({ ID: (await world.lease.leaseGrant({ TTL: 60n })).ID });
});

test("a write under a lease that has ended is no failure of the store", async () => {
	await assert.rejects(world.honest.txn([], [{ put: "b", value: "x", lease: "5" }]), { code: "STORE_CONFLICT" });
	assert.ok(world.honest.health.reachable);
});

test("storeHandler() bears any bytes, in any of its methods", async () => {
	const methods = [
		"KV/Range",
		"KV/Put",
		"KV/DeleteRange",
		"KV/Txn",
		"Watch/Watch",
		"Lease/LeaseGrant",
		"Lease/LeaseKeepAlive",
	];
	const noise = (n: number) => Buffer.from(Array.from({ length: n % 97 }, (_, i) => (i * n * 7919 + n * 31) % 256));
	const session = world.openRaw();
	const streams = Array.from({ length: 700 }, (_, n) => {
		const stream = ask(session, methods[n % methods.length] ?? "").resume();
		const sizeSaid = n % 5 === 0 ? n * 6_000_000 : undefined;
		stream.end(n % 3 === 0 ? noise(n) : framed(noise(n), sizeSaid, n % 7 === 0 ? n % 256 : 0));
		return stream;
	});
	await Promise.race([Promise.all(streams.map((stream) => once(stream, "close"))), sleep(5_000)]);
	session.destroy();
	await world.assertHonestGoesOn();
});
