import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleEndpoint, sampleHost, sampleNetwork } from "../../test/samples.ts";
import { samplePool } from "../../test/worlds.ts";
import { encode } from "../control/context.ts";
import type { Endpoint, Sandbox } from "../model/endpoint.ts";
import type { Host } from "../model/host.ts";
import { keys, localKeys } from "../model/keys.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import { Desired } from "./desired.ts";
import { LocalCopy } from "./local-copy.ts";
import { View } from "./view.ts";

const self = sampleHost(1);
const network = sampleNetwork();

/** A host with one endpoint of its own, and `remote` of host 2. */
async function follow(remote: number) {
	const [store, local] = [openMemoryStore(), openMemoryStore()];
	const endpoints = Array.from({ length: remote + 1 }, (_, n) =>
		sampleEndpoint(network, n + 100, n === 0 ? self : sampleHost(2)),
	);
	const [own] = endpoints;
	assert.ok(own);
	const attachment = { networkId: network.id, endpointId: own.id, port: 0, ifname: "eth0", wayOut: false };
	const sandbox: Sandbox = { id: own.sandboxId, name: "own", netns: "weft-0", owned: true, attachments: [attachment] };
	await local.txn([], [{ put: localKeys.sandbox(sandbox.id), value: encode(sandbox) }]);
	await store.txn([], [{ put: keys.network(network.id), value: encode(network) }, ...endpoints.map(putEndpoint)]);
	await store.txn([], [putHost(self), putHost(sampleHost(2))]);
	const desired = new Desired({
		self,
		gatewayPool: samplePool,
		surroundings: () => ({ forwardFilters: [], uplinks: [] }),
		isPresent: () => true,
	});
	const view: View = new View({
		store,
		local,
		copy: new LocalCopy(local, localKeys.copy, assert.ifError),
		onChange: (change) => desired.note(view, change),
		onBatch: () => {},
		onDamaged: assert.ifError,
		onRestored: () => {},
	});
	await view.ready();
	desired.refresh(view);
	desired.fragments.takeChanges();
	return {
		view,
		/** @returns The keys of what was compiled anew. */
		async after(host: Host): Promise<string[]> {
			await store.txn([], [putHost(host)]);
			await new Promise((resolve) => setTimeout(resolve, 20));
			desired.refresh(view);
			return [...desired.fragments.takeChanges().touched.keys()].sort();
		},
	};
}

function putHost(host: Host) {
	return { put: keys.host(host.id), value: encode(host) };
}

function putEndpoint(endpoint: Endpoint) {
	return { put: keys.endpoint(network.id, endpoint.id), value: encode(endpoint) };
}

test("Desired compiles of a host that joins one element, however many endpoints there are", async () => {
	const { view, after } = await follow(20);
	assert.deepEqual(await after(sampleHost(3)), ["nft-element host inet weft vteps 192.168.56.103"]);
	view.close();
});

test("Desired compiles of a host that moves its own endpoints, and both addresses", async () => {
	const { view, after } = await follow(20);
	const touched = await after({ ...sampleHost(2), vtep: sampleHost(9).vtep });
	assert.equal(touched.length, 2 + 3 * 20);
	view.close();
});

test("Desired compiles everything when a host joins whose underlay carries less", async () => {
	const { view, after } = await follow(2);
	const all = await after({ ...sampleHost(3), underlayMtuBytes: 1400 });
	assert.ok(all.some((key) => key.startsWith("link ")));
	assert.equal((await after({ ...sampleHost(4), underlayMtuBytes: 1400 })).length, 1);
	view.close();
});
