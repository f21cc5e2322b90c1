import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Code } from "@connectrpc/connect";
import { ask, framed, storeWithHostileMember } from "../../../test/hostile-member.ts";
import { limits } from "./limits.ts";

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

/** What is still referred to. */
function heldBytes(): number {
	setFlagsFromString("--expose-gc");
	(runInNewContext("gc") as () => void)();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

/** WatchRequest { create_request { key: "weft/", range_end: "weft0" } } */
const watchAll = framed(Buffer.from([0x0a, 0x0e, 0x0a, 5, ...Buffer.from("weft/"), 0x12, 5, ...Buffer.from("weft0")]));

test("storeHandler() bounds a member's calls, and the other members' go on", async () => {
	const flood = Array.from({ length: limits.calls + 100 }, () => ask(raw, "Watch/Watch"));
	const statuses = await Promise.all(
		flood.map(async (stream) => {
			stream.write(watchAll);
			const [headers] = (await once(stream.resume(), "response")) as [Record<string, unknown>];
			return headers["grpc-status"];
		}),
	);
	const refusals = statuses.filter((status) => status === `${Code.ResourceExhausted}`).length;
	assert.ok(refusals >= 100 && refusals < 110, `${refusals}`);
	await world.assertHonestGoesOn();
	for (const stream of flood) stream.destroy();
	await sleep(100);
	await assert.doesNotReject(world.kv.range({ key: Buffer.from("weft/a") }));
});

test("storeHandler() reads few of a member's requests at once: halves of them keep nobody else", async () => {
	const session = world.openRaw();
	const half = framed(Buffer.alloc(1_000), limits.requestBytes);
	for (let n = 0; n < limits.callsAtOnce * 4; n++) ask(session, "KV/Range").write(half);
	await sleep(200);
	await assert.rejects(world.kv.range({ key: Buffer.from("weft/a") }, { timeoutMs: 300 }), {
		code: Code.DeadlineExceeded,
	});
	await world.assertHonestGoesOn();
	session.destroy();
	assert.equal((await world.kv.range({ key: Buffer.from("weft/a") })).kvs.length, 1);
});

test("who watches and does not read costs nothing, and hears that its place is lost when it has stayed too far behind", async () => {
	const session = world.openRaw({ settings: { initialWindowSize: 16_384 } });
	for (let n = 0; n < 200; n++) ask(session, "Watch/Watch").write(watchAll);
	const slow = world.honest
		.watch("big", { entries: [], revision: world.held.revision }, AbortSignal.timeout(20_000))
		[Symbol.asyncIterator]();
	const first = slow.next();
	await sleep(300);
	await world.held.txn([], [{ put: "big/a", value: "" }]);
	assert.equal((await first).done, false);
	const before = heldBytes();
	// 160 MB, of which the log keeps 64.
	const value = "x".repeat(400_000);
	for (let n = 0; n < 400; n++) await world.held.txn([], [{ put: "big/a", value }]);
	const grown = (heldBytes() - before) / 2 ** 20;
	assert.ok(grown < 100, `${grown} MiB more`);
	await assert.rejects(
		(async () => {
			for (let { done } = await slow.next(); done !== true; { done } = await slow.next());
		})(),
		{ code: "STORE_CURSOR_LOST" },
	);
	session.destroy();
	await world.assertHonestGoesOn();
});
