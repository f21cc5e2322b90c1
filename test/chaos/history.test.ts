import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../src/model/endpoint.ts";
import { type AddressClaim, keys } from "../../src/model/keys.ts";
import type { StoreEvent } from "../../src/store/store.ts";
import { sampleEndpoint, sampleHost, sampleNetwork } from "../samples.ts";
import { History } from "./history.ts";

const [host1, host2] = [sampleHost(1), sampleHost(2)];
const [one, two] = [sampleEndpoint(sampleNetwork(), 2, host1), sampleEndpoint(sampleNetwork(), 3, host2)];

const put = (key: string, value: unknown): StoreEvent => ({
	type: "put",
	entry: { key, value: typeof value === "string" ? value : JSON.stringify(value), revision: 1 },
});
const claim = (endpoint: Endpoint, value: AddressClaim = { endpoint: endpoint.id }) =>
	put(keys.address(endpoint.networkId, endpoint.address), value);
const gone = (key: string): StoreEvent => ({ type: "delete", key, revision: 1 });
const whole = (endpoint: Endpoint): StoreEvent[] => [
	put(keys.endpoint(endpoint.networkId, endpoint.id), endpoint),
	put(keys.endpointName(endpoint.networkId, endpoint.name), endpoint.id),
	claim(endpoint),
];
const without = (endpoint: Endpoint) => [
	gone(keys.endpoint(endpoint.networkId, endpoint.id)),
	gone(keys.endpointName(endpoint.networkId, endpoint.name)),
];
const reclaimed = { releasedAt: 1, reclaimedFrom: host2.id };

/** @returns The faults of batches that come one after the other. */
function faultsOf(...batches: readonly StoreEvent[][]): string[] {
	const history = new History();
	history.begin({ entries: [], revision: 10 });
	for (const [n, events] of batches.entries()) history.take({ revision: 11 + n, events });
	return history.faults;
}

test("History has nothing to say about endpoints that come, go, and come back", () => {
	assert.deepEqual(faultsOf(whole(one), whole(two), [...without(two), claim(two, reclaimed)], whole(two)), []);
});

for (const [what, batches, fault] of [
	[
		"two holders of an address",
		[whole(one), whole({ ...two, address: one.address })],
		/address 10\.0\.0\.2 .*bbox2.*bbox3/,
	],
	["two holders of a name", [whole(one), whole({ ...two, name: "BBOX2" })], /name bbox2 .*bbox2.*BBOX2/],
	["an endpoint without a claim", [whole(one).slice(0, 2)], /bbox2 has no claim/],
	["an endpoint whose claim was released", [whole(one), [claim(one, { releasedAt: 1 })]], /bbox2 has no claim/],
	["an endpoint without its name", [whole(one), without(one).slice(1)], /bbox2 has not its name/],
	["a claim of nobody", [whole(one), without(one)], /ipam\/.*\/10\.0\.0\.2 is held by nobody/],
	[
		"what was taken from a host that lives",
		[
			[put(keys.aliveHost(host2.id), {}), ...whole(two)],
			[...without(two), claim(two, reclaimed)],
		],
		/10\.0\.0\.3 was taken from a host that lives/,
	],
] as const)
	test(`History finds ${what}, and at which revision`, () => {
		const faults = faultsOf(...batches.map((events) => [...events]));
		assert.match(faults.join("\n"), fault);
		for (const one of faults) assert.match(one, new RegExp(`^at revision ${10 + batches.length}: `));
	});
