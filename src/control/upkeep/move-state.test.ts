import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sampleCluster } from "../../../test/sample-cluster.ts";
import { isWeftError, WeftError } from "../../model/error.ts";
import { keys } from "../../model/keys.ts";
import type { Move } from "../../model/move.ts";
import { type EmbeddedStore, openMemoryStore } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";
import { FreezableStore, moveIn } from "../freeze.ts";
import { abortMove } from "./abort-move.ts";
import { isMoved } from "./backup-text.ts";
import { type MoveOptions, moveState } from "./move-state.ts";
import { arrive } from "./move-target.ts";

const move = { id: "1".repeat(32), state: "leaving", to: "etcd://10.0.0.5", by: "host1", at: "2026" } as const;

function optionsFor(source: Store, target: Store, changes: Partial<MoveOptions> = {}): MoveOptions {
	return {
		source,
		target,
		move,
		self: "1".repeat(32),
		tokens: async () => ({}),
		onStep: () => {},
		signal: new AbortController().signal,
		...changes,
	};
}

/** A cluster whose only living host is the one that moves it. */
async function cluster(seed: number): Promise<EmbeddedStore> {
	const store = await sampleCluster(seed);
	for (const { key } of (await store.list(keys.alive)).entries) await store.txn([], [{ delete: key }]);
	return store;
}

async function contents(store: Store): Promise<[string, string][]> {
	return (await store.list("")).entries.filter(({ key }) => isMoved(key)).map(({ key, value }) => [key, value]);
}

const stateOf = async (store: Store) => moveIn(await store.get(keys.moving))?.state;

test("moveState() carries any cluster over, and loses no write that was acknowledged", () =>
	fc.assert(
		fc.asyncProperty(fc.nat(), async (seed) => {
			const [source, target] = [await cluster(seed + 1), openMemoryStore()];
			const writer = new FreezableStore(source, { patienceMs: 50 });
			const acknowledged: string[] = [];
			const ended = (async () => {
				for (let n = 0; ; n++) {
					await writer.txn([], [{ put: `networks/w${n}`, value: "{}" }]);
					acknowledged.push(`networks/w${n}`);
					await new Promise(setImmediate);
				}
			})().catch((error: unknown) => error);
			await moveState(optionsFor(source, target));
			assert.ok(isWeftError(await ended, "STORE_MOVING"));
			assert.deepEqual(await contents(target), await contents(source));
			for (const key of acknowledged) assert.ok((await target.get(key)) !== undefined, key);
			assert.equal(await stateOf(source), "left");
			assert.equal(await stateOf(target), "arriving");
			assert.ok(await arrive(target, move.id));
			assert.equal(await stateOf(target), undefined);
		}),
		{ numRuns: 20 },
	));

/** A store whose client dies at its nth call: that one may or may not have happened, and none after it does. */
function mortal(store: EmbeddedStore, life: { left: number; readonly carriesOut: boolean }): Store {
	const died = () => new WeftError("STORE_REFUSED", "dead");
	const lived = async <T>(call: () => Promise<T>): Promise<T> => {
		if (--life.left < 0) throw died();
		if (life.left > 0) return call();
		if (life.carriesOut) await call();
		throw died();
	};
	return {
		get: (key) => lived(() => store.get(key)),
		list: (prefix) => lived(() => store.list(prefix)),
		txn: (expect, writes) => lived(() => store.txn(expect, writes)),
		watch: (...what) => store.watch(...what),
		lease: (ttl) => lived(() => store.lease(ttl)),
		health: store.health,
		close: () => store.close(),
	};
}

test("moveState() that dies anywhere leaves the state in one store alone, and another one gets out of it", () =>
	fc.assert(
		fc.asyncProperty(
			fc.nat({ max: 40 }),
			fc.boolean(),
			fc.integer({ min: 1, max: 99 }),
			async (calls, carriesOut, seed) => {
				const [source, target] = [await cluster(seed), openMemoryStore()];
				const before = await contents(source);
				const life = { left: calls, carriesOut };
				const leased: string[] = [];
				const dying = mortal(source, life);
				const lease: Store["lease"] = async (ttl) => {
					const made = await dying.lease(ttl);
					leased.push(made.id);
					// A process that died tells nobody.
					return { ...made, revoke: async () => {} };
				};
				const died = await moveState(optionsFor({ ...dying, lease }, mortal(target, life))).then(
					() => false,
					() => true,
				);
				// Time passes, and nobody keeps it alive.
				for (const id of leased) source.endLease(id);
				assert.deepEqual(await contents(source), before);
				if ((await stateOf(source)) === "left") {
					assert.deepEqual(await contents(target), before);
					assert.ok(await arrive(target, move.id));
				} else {
					assert.ok(died);
					assert.equal(await stateOf(source), undefined);
					assert.ok((await new FreezableStore(source).txn([], [{ put: "networks/x", value: "{}" }])) !== undefined);
					await moveState(optionsFor(source, target, { move: { ...move, id: "2".repeat(32) } }));
					assert.deepEqual(await contents(target), await contents(source));
				}
			},
		),
		{ numRuns: 150 },
	));

async function aliveHosts(store: Store): Promise<void> {
	for (const id of ["2".repeat(32), "3".repeat(32)])
		await store.txn(
			[],
			[
				{ put: keys.host(id), value: JSON.stringify({ id, name: `host${id[0]}` }) },
				{ put: keys.aliveHost(id), value: "{}" },
			],
		);
}

test("moveState() asks each host that lives, and leaves all as it was when one cannot go along", async () => {
	const [source, target] = [openMemoryStore(), openMemoryStore()];
	await aliveHosts(source);
	const before = await source.list("");
	const steps: string[] = [];
	const onStep: MoveOptions["onStep"] = ({ what }) => {
		steps.push(what);
		if (what !== "freeze") return;
		for (const [n, error] of [["2"], ["3", "connection refused"]])
			void source.txn(
				[],
				[
					{
						put: `${keys.moving}/${n?.repeat(32)}`,
						value: JSON.stringify({ id: move.id, ...(error === undefined ? {} : { error }) }),
					},
				],
			);
	};
	await assert.rejects(moveState(optionsFor(source, target, { onStep })), {
		code: "CONFLICT",
		message: "Cannot move the cluster's state to etcd://10.0.0.5: host3 cannot go along",
		cause: "connection refused",
	});
	assert.deepEqual(steps, ["target", "copy", "freeze"]);
	assert.deepEqual((await source.list("")).entries, before.entries);
	assert.deepEqual((await target.list("")).entries, []);
});

test("moveState() refuses a store that holds something, and leaves it alone", async () => {
	const [source, target] = [await cluster(3), await cluster(4)];
	const before = await target.list("");
	await assert.rejects(moveState(optionsFor(source, target)), { code: "STORE_NOT_EMPTY" });
	assert.deepEqual(await target.list(""), before);
	await assert.rejects(moveState(optionsFor(source, source)), { code: "STORE_NOT_EMPTY" });
});

test("moveState() goes back to a store that it left, and puts its mark again when that fails", async () => {
	const [one, two] = [await cluster(5), openMemoryStore()];
	await moveState(optionsFor(one, two));
	await arrive(two, move.id);
	const ended = new AbortController();
	ended.abort();
	const back = { ...move, id: "2".repeat(32), to: "weft://192.168.56.101:4790" };
	await assert.rejects(moveState(optionsFor(two, one, { move: back, signal: ended.signal })), { code: "CONFLICT" });
	assert.deepEqual(moveIn(await one.get(keys.moving))?.to, move.to);
	assert.equal(await stateOf(two), undefined);

	await two.txn([], [{ put: "networks/new", value: "{}" }]);
	await moveState(optionsFor(two, one, { move: back }));
	assert.equal(await arrive(one, move.id), false);
	assert.equal(await arrive(one, back.id), true);
	assert.deepEqual(await contents(one), await contents(two));
});

test("moveState() refuses to begin while another one is under way, and abortMove() ends that", async () => {
	const [source, target] = [await cluster(6), openMemoryStore()];
	await source.txn([], [{ put: keys.moving, value: JSON.stringify(move) }]);
	await assert.rejects(moveState(optionsFor(source, target)), { code: "STORE_MOVING" });
	assert.deepEqual(await abortMove(source), move);
	assert.equal(await abortMove(source), undefined);
	await moveState(optionsFor(source, target));
	await assert.rejects(abortMove(source), { code: "STORE_MOVING" });
	const arriving: Move | undefined = moveIn(await target.get(keys.moving));
	assert.equal(arriving?.state, "arriving");
	await assert.rejects(abortMove(target), { code: "STORE_MOVING" });
});

test("moveState() whose freeze is aborted meanwhile moves nothing", async () => {
	const [source, target] = [await cluster(7), openMemoryStore()];
	const tokens = async () => {
		await abortMove(source);
		return {};
	};
	await assert.rejects(moveState(optionsFor(source, target, { tokens })), { code: "CONFLICT" });
	assert.equal(await stateOf(source), undefined);
	assert.deepEqual((await target.list("")).entries, []);
});
