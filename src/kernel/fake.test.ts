import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { hostNetns, type Resource } from "../model/kernel-state.ts";
import { apply, held, hostScope, type KernelFixture, making, overlayScope } from "./contract/fixture.ts";
import { remote, sampleOverlay } from "./contract/samples.ts";
import { kernelContract } from "./contract.ts";
import { type FakeKernel, openFakeKernel } from "./fake.ts";
import type { KernelEvent } from "./kernel.ts";

kernelContract("fake", openFixture);

function openFixture(): KernelFixture {
	const kernel = openFakeKernel();
	let number = 256;
	return {
		kernel,
		foreign: kernel.foreign,
		createForeignNetns() {
			const path = `/proc/${number++}/ns/net`;
			kernel.createForeignNetns(path);
			return path;
		},
		newNetnsName: () => `weft-${(number++).toString(16).padStart(12, "0")}`,
		newVni: () => number++,
		close: kernel.close,
	};
}

const ns = "1-0123456789";
const sandbox = "/proc/4711/ns/net";
const overlay = sampleOverlay(ns, sandbox, 256);

function fakeWithOverlay(): FakeKernel {
	const kernel = openFakeKernel();
	kernel.createForeignNetns(sandbox);
	apply(kernel, making(overlay.resources));
	return kernel;
}

test("openFakeKernel() dumps its state as the commands that make it", () => {
	const lines = fakeWithOverlay().dump().split("\n");
	assert.equal(lines[0], `ip netns add ${ns}`);
	assert.ok(lines.some((line) => line.includes("dst 192.168.56.102 self permanent")));
	assert.equal(fakeWithOverlay().dump(), lines.join("\n"));
});

test("openFakeKernel() tells of a foreign change at both ends of a pair, once, and that messages were lost", async () => {
	const kernel = fakeWithOverlay();
	const heard: KernelEvent[] = [];
	kernel.subscribe((event) => heard.push(event));
	kernel.watchNetns(ns);
	kernel.watchNetns(sandbox);
	kernel.foreign({ verb: "del", resource: overlay.veth0 });
	kernel.foreign({ verb: "del", resource: overlay.vxlan1 });
	kernel.overrun();
	await turn();
	assert.deepEqual(heard, [{ kind: "link", ns }, { kind: "link", ns: sandbox }, { kind: "overrun" }]);
});

test("openFakeKernel() lets another program take its namespace away", async () => {
	const kernel = fakeWithOverlay();
	const heard: KernelEvent[] = [];
	kernel.subscribe((event) => heard.push(event));
	kernel.watchNetns(ns);
	kernel.destroyForeignNetns(sandbox);
	await turn();
	assert.deepEqual(heard, [{ kind: "link", ns }]);
	assert.ok(!held(kernel, overlayScope(ns)).has(`link ${ns} veth0`));
});

test("openFakeKernel() lists chains that drop forwarded traffic, and takes rules into them", () => {
	const kernel = openFakeKernel();
	const chain = { family: "ip", table: "filter", chain: "DOCKER-USER" } as const;
	kernel.addForeignChain({ ...chain, dropsForwarded: true, owned: false });
	assert.deepEqual(kernel.facts().forwardFilters, [{ ...chain, owned: false }]);
	const rule = { statements: [{ verdict: "accept" }] } as const;
	const accept: Resource = { kind: "nft-rule", ns: hostNetns, ...chain, comment: "weft: x", rule };
	apply(kernel, making([accept, accept]));
	assert.deepEqual([...held(kernel, hostScope).values()], [accept]);
});

test("openFakeKernel() applies and observes thirty thousand entries in a moment", () => {
	const kernel = fakeWithOverlay();
	const ops = making(Array.from({ length: 10_000 }, (_, i) => remote(ns, i + 300)).flat());
	const start = performance.now();
	kernel.apply(ops);
	assert.ok(held(kernel, overlayScope(ns)).size > ops.length);
	const elapsedMs = performance.now() - start;
	assert.ok(elapsedMs < 1_000, `took ${elapsedMs} ms`);
});
