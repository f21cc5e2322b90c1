import assert from "node:assert/strict";
import { test } from "node:test";
import { openFakeKernel } from "../kernel/fake.ts";
import { kernelState, keyOf, type Resource, type VethLink } from "../model/kernel-state.ts";
import { Observed } from "./observed.ts";

const [overlay, sandbox] = ["1-0123456789", "/run/netns/box"];
const veth: VethLink = {
	kind: "link",
	ns: overlay,
	name: "veth0",
	type: "veth",
	up: true,
	mtuBytes: 1450,
	alias: "weft box",
	peer: { ns: sandbox, name: "eth0", mac: "02:42:0a:00:00:02" as never, mtuBytes: 1450, up: true, arpIgnore: true },
};
const address: Resource = { kind: "addr", ns: sandbox, dev: "eth0", address: "10.0.0.2/24" as never };

test("a pair that is made anew has nothing of what was seen on the one before", () => {
	const kernel = { ...openFakeKernel(), observe: () => kernelState([address]) };
	const observed = new Observed(kernel);
	observed.read([{ ns: sandbox, role: "sandbox", sysctls: [] }]);
	assert.deepEqual(observed.get(sandbox, keyOf(address)), address);
	observed.note({ op: { verb: "add", resource: veth } });
	assert.equal(observed.get(sandbox, keyOf(address)), undefined);
	assert.deepEqual(observed.doubtful(), [sandbox]);
	assert.equal(observed.takePlanAgain(), true);
	assert.equal(observed.takePlanAgain(), false);
});

test("a pair that is made where nothing was is as it was planned", () => {
	const observed = new Observed(openFakeKernel());
	observed.note({ op: { verb: "add", resource: veth } });
	observed.note({ op: { verb: "replace", resource: address } });
	assert.deepEqual(observed.doubtful(), []);
	assert.equal(observed.takePlanAgain(), false);
});
