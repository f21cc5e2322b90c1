import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ipv4, macOf } from "../../model/address.ts";
import { keyOf, type Resource } from "../../model/kernel-state.ts";
import { type Cidr, prefix } from "../../model/prefix.ts";
import { apply, deleting, errnos, held, making, type OpenedKernel, overlayScope, sandboxScope } from "./fixture.ts";
import { local, remote, type SampleOverlay, sampleOverlay } from "./samples.ts";

/** Addresses, routes, neighbours, forwarding entries, settings. */
export function entryContract({ title, skip, fixture }: OpenedKernel): void {
	let overlay: SampleOverlay;
	const everything = () => {
		const { ns, sandbox } = overlay;
		return held(fixture().kernel, overlayScope(ns, "net.ipv4.ip_forward"), sandboxScope(sandbox));
	};

	before(() => {
		if (skip !== false) return;
		const { kernel, newNetnsName, createForeignNetns, newVni } = fixture();
		overlay = sampleOverlay(newNetnsName(), createForeignNetns(), newVni());
		apply(kernel, making(overlay.resources));
	});
	after(() => {
		if (skip === false) apply(fixture().kernel, deleting({ kind: "netns", name: overlay.ns }));
	});

	test(title("replace does the same twice"), { skip }, () => {
		const before = everything();
		const again = making(overlay.resources).filter(({ verb }) => verb === "replace");
		apply(fixture().kernel, [...again, ...again.filter(({ resource }) => resource.kind !== "nft-table")]);
		assert.deepEqual(everything(), before);
	});

	test(title("entries need their device"), { skip }, () => {
		const { ns, sandbox } = overlay;
		const cases: readonly (readonly [Resource, string])[] = [
			[{ kind: "neigh", ns, dev: "vxlan9", mac: macOf(local), address: local }, "ENODEV"],
			[{ kind: "fdb", ns, dev: "br0", mac: macOf(local) }, "EOPNOTSUPP"],
			[{ kind: "route", ns: sandbox, dst: prefix("0.0.0.0/0"), via: ipv4("10.8.9.9"), dev: "eth0" }, "ENETUNREACH"],
			[{ kind: "sysctl", ns, key: "net.ipv4.conf.br9.arp_ignore", value: "1" }, "ENOENT"],
			[{ kind: "nft-element", ns, family: "bridge", table: "weft", set: "none", element: ["veth0"] }, "ENOENT"],
		];
		for (const [resource, errno] of cases) {
			assert.deepEqual(errnos(fixture().kernel, making([resource])), [errno], keyOf(resource));
		}
	});

	test(title("an operation that is refused does not stop the next ones"), { skip }, () => {
		const { ns } = overlay;
		const ops = making([...remote(ns, 20), ...remote(ns, 21)].map((r, i) => (i === 2 ? { ...r, dev: "none" } : r)));
		assert.deepEqual(
			errnos(fixture().kernel, ops),
			ops.map((_, i) => (i === 2 ? "ENODEV" : undefined)),
		);
		for (const resource of remote(ns, 21)) assert.deepEqual(everything().get(keyOf(resource)), resource);
		apply(fixture().kernel, deleting(...remote(ns, 20), ...remote(ns, 21)));
	});

	test(title("a vxlan device that goes down loses its neighbours, and keeps its forwarding entries"), { skip }, () => {
		const { vxlan1, ns } = overlay;
		const down = { ...vxlan1, up: false };
		apply(fixture().kernel, [
			{ verb: "set", resource: down, was: vxlan1 },
			{ verb: "set", resource: vxlan1, was: down },
		]);
		const kinds = remote(ns, 3).map((resource) => everything().get(keyOf(resource))?.kind);
		assert.deepEqual(kinds, ["fdb", "fdb", undefined]);
		apply(fixture().kernel, making(remote(ns, 3)));
	});

	test(title("an entry moves by one replace, and a deletion takes only what it means"), { skip }, () => {
		const { kernel } = fixture();
		const { ns } = overlay;
		const [self, master] = remote(ns, 3) as [Resource, Resource];
		const [moved] = remote(ns, 3, ipv4("192.168.56.103")) as [Resource];
		const here: Resource = { ...master, dev: "veth0" } as Resource;
		apply(kernel, making([moved, here]));
		apply(kernel, deleting(self, master));
		assert.deepEqual(everything().get(keyOf(self)), moved);
		assert.deepEqual(everything().get(keyOf(master)), here);
		apply(kernel, deleting(moved, here));
		assert.equal(everything().get(keyOf(self)), undefined);
		assert.equal(everything().get(keyOf(master)), undefined);
		apply(kernel, making(remote(ns, 3)));
	});

	test(title("a route moves by one replace, and a deletion takes only what it means"), { skip }, () => {
		const { kernel } = fixture();
		const route: Resource = {
			kind: "route",
			ns: overlay.sandbox,
			dst: prefix("10.77.0.0/16"),
			via: ipv4("10.0.0.5"),
			dev: "eth0",
		};
		const moved: Resource = { ...route, via: ipv4("10.0.0.6") };
		apply(kernel, making([route, moved]));
		const { via: _, ...direct } = route;
		apply(kernel, deleting(route, direct));
		assert.deepEqual(everything().get(keyOf(route)), moved);
		apply(kernel, making([direct]));
		apply(kernel, deleting(moved));
		assert.deepEqual(everything().get(keyOf(route)), direct);
		apply(kernel, deleting(direct));
		assert.equal(everything().get(keyOf(route)), undefined);
	});

	test(title("the first address of a subnet takes the later ones along"), { skip }, () => {
		const { kernel } = fixture();
		const addresses = ["10.5.0.1/24", "10.5.0.2/24", "10.5.1.1/24", "10.5.0.3/24"].map((address): Resource => {
			return { kind: "addr", ns: overlay.ns, dev: "br0", address: address as Cidr };
		});
		const [first, second, other, last] = addresses as [Resource, Resource, Resource, Resource];
		const left = () => addresses.filter((address) => everything().has(keyOf(address)));
		apply(kernel, making(addresses));
		apply(kernel, deleting(second));
		assert.deepEqual(left(), [first, other, last]);
		apply(kernel, deleting(first));
		assert.deepEqual(left(), [other]);
		apply(kernel, deleting(other));
	});

	test(title("a bridge that gets another MAC loses its neighbours"), { skip }, () => {
		const { kernel } = fixture();
		const { br0, ns } = overlay;
		const neigh: Resource = { kind: "neigh", ns, dev: "br0", address: local, mac: macOf(local) };
		const other = { ...br0, mac: macOf(ipv4("10.0.0.9")) };
		apply(kernel, making([neigh]));
		apply(kernel, [
			{ verb: "set", resource: other, was: br0 },
			{ verb: "set", resource: br0, was: other },
		]);
		assert.equal(everything().get(keyOf(neigh)), undefined);
	});

	test(title("a setting is written, read, and has no absence"), { skip }, () => {
		const { kernel } = fixture();
		const { ns } = overlay;
		const forward: Resource = { kind: "sysctl", ns, key: "net.ipv4.ip_forward", value: "1" };
		apply(kernel, making([forward]));
		assert.deepEqual(everything().get(keyOf(forward)), forward);
		apply(kernel, deleting(forward));
		assert.deepEqual(everything().get(keyOf(forward)), forward);
		apply(kernel, making([{ ...forward, value: "0" }]));
	});

	test(title("hundreds of entries go in one call"), { skip }, () => {
		const { kernel } = fixture();
		const many = Array.from({ length: 300 }, (_, i) => remote(overlay.ns, 300 + i)).flat();
		apply(kernel, making(many));
		const state = everything();
		for (const resource of many) assert.deepEqual(state.get(keyOf(resource)), resource);
		apply(kernel, deleting(...many));
		assert.equal(everything().size, state.size - many.length);
	});
}
