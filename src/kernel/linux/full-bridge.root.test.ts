import assert from "node:assert/strict";
import { after, test } from "node:test";
import { needs } from "../../../test/needs.ts";
import { ipv4FromNumber, macOf } from "../../model/address.ts";
import { type BridgeLink, keyOf, type Netns, type VethLink } from "../../model/kernel-state.ts";
import { apply, held, making, overlayScope } from "../contract/fixture.ts";
import { containerPort } from "../contract/samples.ts";
import { unshareNetns } from "../libc/namespace.ts";
import { openLinuxKernel } from "../linux.ts";
import { deleteNetns } from "../netns.ts";

const skip = needs("root");

// A host of its own for this process.
if (skip === false) unshareNetns();

/** BR_MAX_PORTS */
const mostPorts = 1023;
const ns = `wt-${process.pid}-full`;
const sandboxOf = (n: number) => `wt-${process.pid}-${n}`;

after(() => {
	if (skip === false)
		for (const name of [ns, ...Array.from({ length: mostPorts + 1 }, (_, n) => sandboxOf(n))]) deleteNetns(name);
});

const base = { kind: "link", ns, up: true, mtuBytes: 1450, alias: "weft full" } as const;
const br0: BridgeLink = { ...base, name: "br0", type: "bridge", mac: macOf(ipv4FromNumber(0x0a000001)) };

function port(n: number): [Netns, VethLink] {
	const peer = {
		ns: sandboxOf(n),
		name: "eth0",
		mac: macOf(ipv4FromNumber(0x0a000002 + n)),
		mtuBytes: 1450,
		up: true,
		arpIgnore: true,
	};
	return [
		{ kind: "netns", name: sandboxOf(n) },
		{ ...base, name: `veth${n}`, type: "veth", master: "br0", port: containerPort, peer },
	];
}

test("a bridge takes 1023 ports, each is read back with the end that it leads to, and the next one is refused", {
	skip,
}, () => {
	const kernel = openLinuxKernel();
	const ports = Array.from({ length: mostPorts }, (_, n) => port(n));
	apply(kernel, making([{ kind: "netns", name: ns }, br0]));
	apply(kernel, making(ports.flat()));
	const state = held(kernel, overlayScope(ns));
	for (const [, veth] of ports) assert.deepEqual(state.get(keyOf(veth)), veth);

	const [sandbox, beyond] = port(mostPorts);
	apply(kernel, making([sandbox]));
	const [result] = kernel.apply(making([beyond]));
	assert.equal(result?.errno, "EXFULL");
	assert.equal(result?.error?.code, "KERNEL_LIMIT");
	assert.match(result?.error?.message ?? "", /1023 \(BR_MAX_PORTS\)$/);
	assert.equal(held(kernel, overlayScope(ns)).size, state.size, "nothing of it is left");
	kernel.close();
});
