import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleHost, sampleNetwork } from "../../test/samples.ts";
import { ipv4 } from "../model/address.ts";
import { keys, type ReleasedAddress } from "../model/keys.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import { chooseAddress } from "./choose-address.ts";
import { type ControlContext, encode, type KnownAddresses } from "./context.ts";

const network = sampleNetwork();
const now = 10_000_000;

/** @param claims By the last number of the address: held, when it was released, or the claim. */
async function choose(
	claims: Readonly<Record<number, "held" | number | ReleasedAddress>>,
	known?: KnownAddresses,
	ip?: string,
	times = 1,
) {
	const store = openMemoryStore();
	for (const [last, claim] of Object.entries(claims)) {
		const value = encode(
			claim === "held" ? { endpoint: "e" } : typeof claim === "number" ? { releasedAt: claim } : claim,
		);
		await store.txn([], [{ put: keys.address(network.id, ipv4(`10.0.0.${last}`)), value }]);
	}
	let lists = 0;
	const counted = new Proxy(store, {
		get(target, name) {
			if (name === "list") lists++;
			const value: unknown = Reflect.get(target, name, target);
			return typeof value === "function" ? (value.bind(target) as unknown) : value;
		},
	});
	let learnt = known;
	const context = {
		store: counted,
		self: sampleHost(1),
		now: () => now,
		addressesOf: () => learnt,
		noteReleased(_: string, released: KnownAddresses["released"]) {
			learnt = { used: known?.used ?? new Set(), released };
		},
	} as unknown as ControlContext;
	const { address, claim } = await chooseAddress(context, network, { ip });
	for (let n = 1; n < times; n++) assert.equal((await chooseAddress(context, network, { ip })).address, address);
	return { address, revision: claim?.revision ?? 0, lists };
}

const known = (used: readonly number[], released: readonly number[] = []): KnownAddresses => ({
	used: new Set(used.map((last) => ipv4(`10.0.0.${last}`))),
	released: new Map(released.map((last) => [ipv4(`10.0.0.${last}`), { releasedAt: now - 1_000 }])),
});

test("chooseAddress() that knows the network reads one claim, and not all", async () => {
	const claims = { 2: "held", 3: now - 1_000, 4: now - 120_000 } as const;
	assert.deepEqual(await choose(claims, known([2], [3])), { address: "10.0.0.4", revision: 4, lists: 0 });
	assert.deepEqual(await choose({ 2: "held" }, known([2])), { address: "10.0.0.3", revision: 0, lists: 0 });
});

test("chooseAddress() that knows too little finds what is free all the same", async () => {
	const claims = { 2: "held", 3: "held", 4: now - 1_000 } as const;
	for (const little of [known([2]), known([2, 3]), known([]), undefined])
		assert.deepEqual(await choose(claims, little), { address: "10.0.0.5", revision: 0, lists: 1 });
});

test("chooseAddress() leaves what was taken from a dead host for the end, and reads the claims once to learn of it", async () => {
	const claims = { 2: { releasedAt: now - 9_000_000, reclaimedFrom: "1".repeat(32) }, 3: "held" } as const;
	assert.deepEqual(await choose(claims, known([3]), undefined, 2), { address: "10.0.0.4", revision: 0, lists: 1 });
	assert.equal((await choose(claims, known([3]), "10.0.0.2")).address, "10.0.0.2");
});

test("chooseAddress() takes a fixed one that rests, and none that is held", async () => {
	assert.deepEqual(await choose({ 9: now - 10 }, known([]), "10.0.0.9"), {
		address: "10.0.0.9",
		revision: 2,
		lists: 0,
	});
	await assert.rejects(choose({ 9: "held" }, known([]), "10.0.0.9"), { code: "ADDRESS_IN_USE" });
});
