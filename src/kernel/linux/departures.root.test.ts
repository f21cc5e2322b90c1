import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { needs } from "../../../test/needs.ts";
import { keyOf, type Resource } from "../../model/kernel-state.ts";
import { apply, deleting, held, making, overlayScope, sandboxScope } from "../contract/fixture.ts";
import { type SampleOverlay, sampleOverlay } from "../contract/samples.ts";
import { unshareNetns } from "../libc/namespace.ts";
import { openLinuxKernel } from "../linux.ts";
import { createNetns, deleteNetns } from "../netns.ts";
import { Departures, leavingGroup } from "./departures.ts";

const skip = needs("root", "ip");

// A host of its own for this process.
if (skip === false) unshareNetns();

const made: string[] = [];
after(() => made.forEach(deleteNetns));

function newNetns(): string {
	made.push(`wt-${process.pid}-${made.length}`);
	return made.at(-1) as string;
}

function newOverlay(): SampleOverlay {
	return sampleOverlay(newNetns(), newNetns(), 1_000_000 + made.length);
}

/** What the kernel has, whatever weft counts as gone. */
function linksIn(ns: string): string {
	return execFileSync("ip", ["-n", ns, "-o", "link"], { encoding: "utf8" });
}

async function gone(ns: string, link: string): Promise<void> {
	const deadline = Date.now() + 2_000;
	while (linksIn(ns).includes(link)) {
		assert.ok(Date.now() < deadline, `${link} is still in ${ns}`);
		await sleep(5);
	}
}

test("what a killed process left on its way out goes, and can be made again at once", { skip }, async () => {
	const kernel = openLinuxKernel();
	const overlay = newOverlay();
	const { ns, veth0, vxlan1, br0, sandbox } = overlay;
	apply(kernel, making(overlay.resources));
	for (const { name } of [veth0, vxlan1, br0])
		execFileSync("ip", ["-n", ns, "link", "set", name, "group", String(leavingGroup)]);
	const state = held(kernel, overlayScope(ns), sandboxScope(sandbox));
	for (const { name } of [veth0, vxlan1, br0])
		assert.ok(![...state.values()].some((r) => "name" in r && r.name === name), name);
	assert.ok(!state.has(`addr ${sandbox} eth0 10.0.0.2/24`));
	apply(kernel, making(overlay.resources));
	assertAllHeld(kernel, overlay);
	// Nor does the departure take what was made after it.
	await sleep(100);
	assertAllHeld(kernel, overlay);
	apply(kernel, deleting({ kind: "netns", name: ns }));
	kernel.close();
});

function assertAllHeld(kernel: ReturnType<typeof openLinuxKernel>, { ns, sandbox, resources }: SampleOverlay): void {
	const state = held(kernel, overlayScope(ns, "net.ipv4.ip_forward"), sandboxScope(sandbox));
	const missing = resources.filter((r: Resource) => !state.has(keyOf(r))).map(keyOf);
	assert.deepEqual(missing, []);
}

test("a namespace that is made again holds all that is made in it, whatever leaves under its name", { skip }, () => {
	const kernel = openLinuxKernel();
	const overlay = newOverlay();
	const removal = deleting({ kind: "netns", name: overlay.ns }, { kind: "netns", name: overlay.sandbox });
	for (let round = 0; round < 4; round++) {
		apply(kernel, making(overlay.resources));
		assertAllHeld(kernel, overlay);
		apply(kernel, round % 2 === 0 ? removal : [...removal].reverse());
	}
	kernel.close();
});

test("a link goes once, however often it is asked to", { skip }, async () => {
	const kernel = openLinuxKernel();
	const overlay = newOverlay();
	const { ns, veth0, br0, vxlan1 } = overlay;
	apply(kernel, making(overlay.resources));
	apply(kernel, deleting(br0));
	apply(kernel, deleting(veth0, veth0, br0));
	apply(kernel, deleting(vxlan1, veth0, br0));
	assert.deepEqual(
		[...held(kernel, overlayScope(ns)).values()].filter(({ kind }) => kind === "link"),
		[],
	);
	apply(kernel, making(overlay.resources));
	assertAllHeld(kernel, overlay);
	apply(kernel, deleting({ kind: "netns", name: ns }));
	kernel.close();
});

test("what is leaving takes no changes", { skip }, () => {
	const kernel = openLinuxKernel();
	const overlay = newOverlay();
	const { ns, veth0, br0 } = overlay;
	apply(kernel, making(overlay.resources));
	apply(kernel, deleting(veth0, br0));
	const results = kernel.apply([
		{ verb: "set", resource: { ...veth0, mtuBytes: 1400 }, was: veth0 },
		{ verb: "replace", resource: { kind: "sysctl", ns, key: "net.ipv4.conf.br0.send_redirects", value: "0" } },
		{ verb: "replace", resource: { kind: "fdb", ns, dev: "veth0", mac: veth0.peer.mac } },
	]);
	assert.deepEqual(
		results.map(({ errno }) => errno),
		["ENODEV", "ENOENT", "ENODEV"],
	);
	apply(kernel, deleting({ kind: "netns", name: ns }));
	kernel.close();
});

test("a VNI moves to another namespace while its device leaves", { skip }, () => {
	const kernel = openLinuxKernel();
	const [one, other] = [newOverlay(), newOverlay()];
	apply(kernel, making(one.resources));
	apply(kernel, making([{ kind: "netns", name: other.ns }, other.br0]));
	apply(kernel, deleting({ kind: "netns", name: one.ns }));
	apply(kernel, making([{ ...other.vxlan1, vni: one.vxlan1.vni }]));
	apply(kernel, deleting({ kind: "netns", name: other.ns }));
	kernel.close();
});

test("close() keeps nothing from leaving", { skip }, async () => {
	const kernel = openLinuxKernel();
	const overlay = newOverlay();
	apply(kernel, making(overlay.resources));
	apply(kernel, deleting(overlay.veth0, overlay.vxlan1, overlay.br0));
	kernel.close();
	for (const name of ["veth0", "vxlan1", "br0"]) await gone(overlay.ns, name);
	deleteNetns(overlay.ns);
});

test("Departures leave threads to others, however many are under way", { skip }, async () => {
	let ended = 0;
	let allEnded = () => {};
	const all = new Promise<void>((resolve) => (allEnded = resolve));
	const departures = new Departures(() => {
		if (++ended === namespaces.length) allEnded();
	});
	const namespaces = Array.from({ length: 12 }, newNetns);
	for (const ns of namespaces) {
		createNetns(ns);
		execFileSync("ip", ["-n", ns, "link", "add", "br0", "group", String(leavingGroup), "type", "bridge"]);
	}
	for (const ns of namespaces) departures.begin(ns, [{ ns, ifindex: 2 }]);
	await readFile(import.meta.filename);
	assert.ok(ended < namespaces.length / 2, `${ended} were waited for`);
	await all;
	for (const ns of namespaces) assert.ok(!linksIn(ns).includes("br0"));
});
