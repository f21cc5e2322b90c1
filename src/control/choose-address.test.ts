import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleHost, sampleNetwork } from "../../test/samples.ts";
import { type Ipv4, ipv4 } from "../model/address.ts";
import { keys } from "../model/keys.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import { chooseAddress } from "./choose-address.ts";
import { type ControlContext, encode, type KnownAddresses } from "./context.ts";

const network = sampleNetwork();
const now = 10_000_000;

/** @param claims By the last number of the address: held, or when it was released. */
async function choose(claims: Readonly<Record<number, "held" | number>>, known?: KnownAddresses, ip?: string) {
	const store = openMemoryStore();
	for (const [last, claim] of Object.entries(claims)) {
		const value = encode(claim === "held" ? { endpoint: "e" } : { releasedAt: claim });
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
	const context = { store: counted, self: sampleHost(1), now: () => now, addressesOf: () => known } as unknown;
	const { address, claim } = await chooseAddress(context as ControlContext, network, ip);
	return { address, revision: claim?.revision ?? 0, lists };
}

const known = (used: readonly number[], released: readonly number[] = []): KnownAddresses => ({
	used: new Set(used.map((last) => ipv4(`10.0.0.${last}`))),
	released: new Map(released.map((last): [Ipv4, number] => [ipv4(`10.0.0.${last}`), now - 1_000])),
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

test("chooseAddress() takes a fixed one that rests, and none that is held", async () => {
	assert.deepEqual(await choose({ 9: now - 10 }, known([]), "10.0.0.9"), {
		address: "10.0.0.9",
		revision: 2,
		lists: 0,
	});
	await assert.rejects(choose({ 9: "held" }, known([]), "10.0.0.9"), { code: "ADDRESS_IN_USE" });
});
