import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ipv4, macOf } from "../../model/address.ts";
import { hostNetns, keyOf, type Link, nsOf, type Resource } from "../../model/kernel-state.ts";
import {
	apply,
	deleting,
	errnos,
	held,
	hostScope,
	making,
	type OpenedKernel,
	overlayScope,
	sandboxScope,
} from "./fixture.ts";
import { containerPort, type SampleOverlay, sampleGateway, sampleOverlay } from "./samples.ts";

/** Links: what is made is read back as it was wanted, and changes keep the kernel's rules. */
export function linkContract({ title, skip, fixture }: OpenedKernel): void {
	let overlay: SampleOverlay;
	const links = () => held(fixture().kernel, overlayScope(overlay.ns));

	before(() => {
		if (skip !== false) return;
		const { kernel, newNetnsName, createForeignNetns, newVni } = fixture();
		overlay = sampleOverlay(newNetnsName(), createForeignNetns(), newVni());
		apply(kernel, making(overlay.resources));
	});
	after(() => {
		if (skip === false) apply(fixture().kernel, deleting({ kind: "netns", name: overlay.ns }));
	});

	/** Deletes what is there, makes all of it anew. */
	function remake(): void {
		const { kernel } = fixture();
		const { br0, vxlan1, veth0, resources } = overlay;
		apply(kernel, deleting(veth0, vxlan1, br0));
		apply(kernel, making(resources));
	}

	function assertHeld(link: Link): void {
		assert.deepEqual(links().get(keyOf(link)), link);
	}

	test(title("observe() returns what was applied, and nothing else"), { skip }, () => {
		const { kernel } = fixture();
		const { ns, sandbox, resources } = overlay;
		const state = held(kernel, overlayScope(ns, "net.ipv4.ip_forward"), sandboxScope(sandbox));
		assert.deepEqual(byKey(state.values()), byKey(resources));
	});

	test(title("observe() returns weft's part of the host"), { skip }, () => {
		const { kernel } = fixture();
		const gateway = sampleGateway(overlay.sandbox);
		apply(kernel, making(gateway));
		const state = held(kernel, hostScope, sandboxScope(overlay.sandbox));
		const wanted = [...gateway, ...overlay.resources.filter((r) => nsOf(r) === overlay.sandbox)];
		assert.deepEqual(byKey(state.values()), byKey(wanted));
		apply(kernel, deleting(...gateway.filter(({ kind }) => kind === "link").reverse()));
		assert.equal(held(kernel, hostScope).size, 0);
	});

	test(title("a link that is there already is refused, and what follows is done"), { skip }, () => {
		const { kernel } = fixture();
		const br1: Link = { ...overlay.br0, name: "br1", alias: "weft one" };
		assert.deepEqual(errnos(kernel, making([{ ...overlay.br0, alias: "weft other" }, br1])), ["EEXIST", undefined]);
		assertHeld(overlay.br0);
		assertHeld(br1);
		apply(kernel, deleting(br1));
	});

	test(title("what a link needs is not there"), { skip }, () => {
		const { kernel, newVni } = fixture();
		const { vxlan1, veth0, br0 } = overlay;
		const cases: readonly (readonly [Link, string])[] = [
			[{ ...br0, ns: "1-ffffffffff" }, "ENOENT"],
			[{ ...veth0, name: "veth1", peer: { ...veth0.peer, ns: "/run/netns/none" } }, "ENOENT"],
			[{ ...veth0, name: "veth1" }, "EEXIST"],
			[{ ...vxlan1, name: "vxlan2" }, "EEXIST"],
			[{ ...vxlan1, name: "vxlan2", vni: newVni(), master: "br9" }, "ENODEV"],
			[{ ...br0, name: "br1", master: "veth0" }, "EOPNOTSUPP"],
			[{ ...br0, name: "br1/0" }, "EINVAL"],
		];
		for (const [link, errno] of cases) assert.deepEqual(errnos(kernel, making([link])), [errno], keyOf(link));
		assert.equal(kernel.apply(making([{ ...vxlan1, name: "vxlan2" }]))[0]?.error?.code, "VNI_IN_USE");
		assert.equal(kernel.apply(making([{ ...br0, ns: "1-ffffffffff" }]))[0]?.error?.code, "NETNS_NOT_FOUND");
		assert.ok(!links().has(`link ${overlay.ns} vxlan2`), "nothing is half done");
		assert.ok(!links().has(`link ${overlay.ns} br1`), "nothing is half done");
	});

	test(title("set changes a link in place"), { skip }, () => {
		const { kernel } = fixture();
		const { br0, vxlan1, veth0 } = overlay;
		const changes: readonly (readonly [Link, Link])[] = [
			[br0, { ...br0, mtuBytes: 1400, alias: "weft green", mac: macOf(ipv4("10.0.0.9")) }],
			[vxlan1, { ...vxlan1, up: false, mtuBytes: 1400 }],
			[veth0, { ...veth0, mtuBytes: 1400, port: { ...containerPort, isolated: true, flood: true, locked: false } }],
			[veth0, { ...veth0, peer: { ...veth0.peer, arpIgnore: false } }],
			[veth0, { ...veth0, peer: { ...veth0.peer, mtuBytes: 1400, up: false, mac: macOf(ipv4("10.0.0.8")) } }],
		];
		for (const [was, link] of changes) {
			apply(kernel, [{ verb: "set", resource: link, was }]);
			assertHeld(link);
			apply(kernel, [{ verb: "set", resource: was, was: link }]);
			assertHeld(was);
		}
		remake();
	});

	test(title("an arp_ignore that another program wrote is seen"), { skip }, () => {
		const { kernel, foreign } = fixture();
		const { veth0 } = overlay;
		const changed: Link = { ...veth0, peer: { ...veth0.peer, arpIgnore: false } };
		foreign({ verb: "set", resource: changed, was: veth0 });
		assertHeld(changed);
		apply(kernel, [{ verb: "set", resource: veth0, was: changed }]);
		assertHeld(veth0);
	});

	test(title("set releases a port, and takes it in again"), { skip }, () => {
		const { kernel } = fixture();
		const { veth0 } = overlay;
		const { master: _, port: __, ...free } = veth0;
		apply(kernel, [{ verb: "set", resource: free, was: veth0 }]);
		assertHeld(free);
		assert.ok(!links().has(`fdb ${overlay.ns} master ${veth0.peer.mac}`));
		apply(kernel, [{ verb: "set", resource: veth0, was: free }]);
		assertHeld(veth0);
		remake();
	});

	test(title("set keeps the MTU of a bridge when ports come and go"), { skip }, () => {
		const { kernel } = fixture();
		apply(kernel, deleting(overlay.veth0, overlay.vxlan1));
		assertHeld(overlay.br0);
		remake();
	});

	test(title("a pair goes with either of its ends, several at once too"), { skip }, () => {
		const { kernel } = fixture();
		const { veth0, sandbox } = overlay;
		const more = [1, 2, 3].map(
			(n): Link => ({ ...veth0, name: `veth${n}`, peer: { ...veth0.peer, name: `more${n}` } }),
		);
		apply(kernel, making(more));
		apply(kernel, deleting(...more, veth0, ...more));
		assert.ok(![...links().keys()].some((key) => key.startsWith(`link ${overlay.ns} veth`)));
		assert.ok(!held(kernel, sandboxScope(sandbox)).has(`addr ${sandbox} eth0 10.0.0.2/24`));
		remake();
	});

	test(title("a bridge that is deleted frees its ports"), { skip }, () => {
		const { kernel } = fixture();
		apply(kernel, deleting(overlay.br0));
		const { master: _, port: __, ...free } = overlay.veth0;
		assertHeld(free);
		remake();
	});

	test(title("deleting what is gone succeeds"), { skip }, () => {
		const { kernel, newNetnsName } = fixture();
		const gone = sampleOverlay(newNetnsName(), newNetnsName(), 1);
		apply(kernel, deleting(...gone.resources));
		apply(kernel, making([{ kind: "netns", name: gone.ns }]));
		apply(kernel, deleting(...gone.resources.filter(({ kind }) => kind !== "netns")));
		apply(kernel, making([gone.br0]));
		const onBridge = gone.resources.filter((r) => nsOf(r) === gone.ns && r.kind !== "netns" && r.kind !== "link");
		apply(kernel, deleting(...onBridge.map((r) => ("dev" in r ? { ...r, dev: "br0" } : r)), ...onBridge));
		apply(kernel, deleting({ kind: "netns", name: gone.ns }));
	});

	test(title("facts() lists the links of the host and their addresses"), { skip }, () => {
		const { kernel } = fixture();
		const gateway = sampleGateway(overlay.sandbox);
		apply(kernel, making(gateway));
		const { links: all, routes } = kernel.facts();
		assert.deepEqual(
			all.find(({ name }) => name === "weft_gwbridge"),
			{ name: "weft_gwbridge", mtuBytes: 1500, up: true, addresses: ["172.30.0.1"] },
		);
		assert.deepEqual(
			routes.filter(({ dev }) => dev === "weft_gwbridge"),
			[{ dst: "172.30.0.0/16", dev: "weft_gwbridge" }],
		);
		apply(kernel, deleting(...gateway.filter((r) => r.kind === "link" && r.ns === hostNetns).reverse()));
	});
}

function byKey(resources: Iterable<Resource>): Resource[] {
	return [...resources].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
