import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bootHost, request, until } from "../../test/booted-host.ts";
import { createNetwork } from "../control/create-network.ts";
import type { Resource } from "../model/kernel-state.ts";
import { overlayNetns } from "../model/network.ts";
import type { Cidr } from "../model/prefix.ts";
import { formatOp } from "../plan/format.ts";
import { openMemoryStore } from "../store/sqlite.ts";

test("after an overrun all is read anew: whatever was done and not told is mended", async () => {
	const store = openMemoryStore();
	const host1 = await bootHost(1, store);
	const { id } = await createNetwork(host1.control, request);
	const ns = overlayNetns(id);
	const bbox1 = await host1.run("bbox1", "ov_net1");
	const before = host1.kernel.dump();
	const held = [
		...host1.kernel
			.observe([
				{ ns, role: "overlay", sysctls: [] },
				{ ns: bbox1.netns, role: "sandbox", sysctls: [] },
			])
			.values(),
	];
	for (const resource of held) {
		// Without an event, as when it was lost.
		host1.kernel.apply([{ verb: "del", resource }]);
		host1.kernel.overrun();
		await until(() => host1.kernel.dump() === before);
		assert.equal(host1.kernel.dump(), before, formatOp({ verb: "del", resource }));
	}
	await host1.close();
});

test("one namespace that changes without a pause is read seldom, and keeps no other from being mended", async () => {
	const store = openMemoryStore();
	const host1 = await bootHost(1, store);
	await createNetwork(host1.control, request);
	const [busy, calm] = [await host1.run("busy", "ov_net1"), await host1.run("calm", "ov_net1")];
	const before = host1.kernel.dump();
	const { observe } = host1.kernel;
	let reads = 0;
	host1.kernel.observe = (scopes) => {
		if (scopes.some(({ ns }) => ns === busy.netns)) reads++;
		return observe(scopes);
	};
	const cut = ({ netns, endpoint }: typeof busy): Resource => ({
		kind: "addr",
		ns: netns,
		dev: "eth0",
		address: `${endpoint.address}/24` as Cidr,
	});
	const flapping = setInterval(() => host1.kernel.foreign({ verb: "del", resource: cut(busy) }), 2);
	await sleep(2_000);
	assert.ok(reads < 20, `${reads} reads in 2 s`);
	const began = performance.now();
	host1.kernel.foreign({ verb: "del", resource: cut(calm) });
	const isWhole = () => host1.kernel.dump().includes(`${calm.endpoint.address}/24`);
	assert.ok(!isWhole());
	await until(isWhole);
	assert.ok(performance.now() - began < 1_000);
	clearInterval(flapping);
	await until(() => host1.kernel.dump() === before);
	assert.equal(host1.kernel.dump(), before);
	await host1.close();
});
