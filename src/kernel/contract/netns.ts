import assert from "node:assert/strict";
import { test } from "node:test";
import { isWeftError } from "../../model/error.ts";
import { hostNetns } from "../../model/kernel-state.ts";
import { apply, deleting, held, making, type OpenedKernel, overlayScope, sandboxScope } from "./fixture.ts";
import { lo, sampleOverlay } from "./samples.ts";

/** Namespaces: made, named, told apart, removed with all that is in them. */
export function netnsContract({ title, skip, fixture }: OpenedKernel): void {
	test(title("a namespace is made once, listed, and removed once"), { skip }, () => {
		const { kernel, newNetnsName } = fixture();
		const name = newNetnsName();
		const netns = { kind: "netns", name } as const;
		apply(kernel, making([netns, netns]));
		assert.ok(kernel.listNetns().includes(name));
		assert.deepEqual([...held(kernel, overlayScope(name)).values()], [netns]);
		apply(kernel, deleting(netns, netns));
		assert.ok(!kernel.listNetns().includes(name));
		assert.equal(held(kernel, overlayScope(name)).size, 0);
	});

	test(title("a namespace that is removed takes links, their other ends and its VNI along at once"), { skip }, () => {
		const { kernel, newNetnsName, createForeignNetns, newVni } = fixture();
		const overlay = sampleOverlay(newNetnsName(), createForeignNetns(), newVni());
		apply(kernel, making(overlay.resources));
		apply(kernel, deleting({ kind: "netns", name: overlay.ns }));
		assert.deepEqual([...held(kernel, sandboxScope(overlay.sandbox)).values()], [lo(overlay.sandbox)]);
		apply(kernel, making(overlay.resources));
		apply(kernel, deleting({ kind: "netns", name: overlay.ns }));
	});

	test(title("a sandbox that is removed takes the host's ends of its pairs along"), { skip }, () => {
		const { kernel, newNetnsName, newVni } = fixture();
		const overlay = sampleOverlay(newNetnsName(), newNetnsName(), newVni());
		apply(kernel, making(overlay.resources));
		apply(kernel, deleting({ kind: "netns", name: overlay.sandbox }));
		assert.ok(!held(kernel, overlayScope(overlay.ns)).has(`link ${overlay.ns} veth0`));
		apply(kernel, deleting({ kind: "netns", name: overlay.ns }));
	});

	test(title("linkNames() lists the links of a namespace, whoever made them"), { skip }, () => {
		const { kernel, foreign, newNetnsName, createForeignNetns, newVni } = fixture();
		const overlay = sampleOverlay(newNetnsName(), createForeignNetns(), newVni());
		assert.deepEqual(kernel.linkNames(overlay.sandbox), ["lo"]);
		apply(kernel, making([{ kind: "netns", name: overlay.ns }, overlay.br0]));
		foreign({ verb: "add", resource: overlay.veth0 });
		assert.deepEqual([...kernel.linkNames(overlay.ns)].sort(), ["br0", "lo", "veth0"]);
		assert.deepEqual([...kernel.linkNames(overlay.sandbox)].sort(), [overlay.veth0.peer.name, "lo"].sort());
		apply(kernel, deleting({ kind: "netns", name: overlay.ns }));
		assert.throws(
			() => kernel.linkNames("/run/netns/none"),
			(error) => isWeftError(error, "NETNS_NOT_FOUND"),
		);
	});

	test(title("netnsCookie() tells namespaces apart"), { skip }, () => {
		const { kernel, createForeignNetns } = fixture();
		const [one, other] = [createForeignNetns(), createForeignNetns()];
		assert.equal(kernel.netnsCookie(one), kernel.netnsCookie(one));
		assert.equal(new Set([one, other, hostNetns].map((ns) => kernel.netnsCookie(ns))).size, 3);
		assert.throws(
			() => kernel.netnsCookie("/run/netns/none"),
			(error) => isWeftError(error, "NETNS_NOT_FOUND"),
		);
	});

	test(title("ownNameOf() knows a namespace that weft made, and no other"), { skip }, () => {
		const { kernel, newNetnsName, createForeignNetns } = fixture();
		const [name, foreign] = [newNetnsName(), createForeignNetns()];
		apply(kernel, making([{ kind: "netns", name }]));
		held(kernel, overlayScope(name));
		assert.deepEqual(
			[name, foreign, hostNetns].map((ns) => kernel.ownNameOf(ns)),
			[name, undefined, undefined],
		);
		apply(kernel, deleting({ kind: "netns", name }));
		assert.throws(
			() => kernel.ownNameOf(name),
			(error) => isWeftError(error, "NETNS_NOT_FOUND"),
		);
	});
}
