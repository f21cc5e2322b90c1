import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { keyOf, nsOf, type Resource } from "../../model/kernel-state.ts";
import type { KernelEvent } from "../kernel.ts";
import { apply, deleting, making, type OpenedKernel } from "./fixture.ts";
import { remote, type SampleOverlay, sampleOverlay } from "./samples.ts";

/** A kernel tells within milliseconds; the rest is for a busy machine. */
const boundMs = 2_000;
/** Carrier changes come up to a second later (linkwatch). */
const quietMs = 1_200;

/** Events: foreign changes are told, in the namespaces that are watched; own ones are not. */
export function eventContract({ title, skip, fixture }: OpenedKernel): void {
	let overlay: SampleOverlay;
	const heard: KernelEvent[] = [];
	let end = () => {};

	before(() => {
		if (skip !== false) return;
		const { kernel, newNetnsName, createForeignNetns, newVni } = fixture();
		overlay = sampleOverlay(newNetnsName(), createForeignNetns(), newVni());
		end = kernel.subscribe((event) => heard.push(event));
		kernel.watchNetns(overlay.ns);
		kernel.watchNetns(overlay.sandbox);
	});
	after(() => {
		end();
		if (skip === false) apply(fixture().kernel, deleting({ kind: "netns", name: overlay.ns }));
	});

	async function waitFor(kind: KernelEvent["kind"], ns: string): Promise<void> {
		const deadline = Date.now() + boundMs;
		while (!heard.some((event) => event.kind === kind && "ns" in event && event.ns === ns)) {
			assert.ok(Date.now() < deadline, `no event ${kind} of ${ns}, only ${JSON.stringify(heard)}`);
			await sleep(5);
		}
	}

	test(title("own changes are not told"), { skip }, async () => {
		const { kernel } = fixture();
		const many = Array.from({ length: 50 }, (_, i) => remote(overlay.ns, 300 + i)).flat();
		apply(kernel, making([...overlay.resources, ...many]));
		kernel.watchNetns(overlay.ns);
		const down = { ...overlay.vxlan1, up: false };
		apply(kernel, [
			...deleting(...many),
			{ verb: "set", resource: down, was: overlay.vxlan1 },
			{ verb: "set", resource: overlay.vxlan1, was: down },
			...making(remote(overlay.ns, 3)),
		]);
		await sleep(quietMs);
		assert.deepEqual(heard, []);
	});

	test(title("foreign changes are told, each with its namespace"), { skip }, async () => {
		const { kernel, foreign } = fixture();
		const events: Readonly<Partial<Record<Resource["kind"], KernelEvent["kind"]>>> = {
			route: "route",
			neigh: "neigh",
			fdb: "neigh",
			addr: "addr",
			"nft-element": "nft",
			"nft-table": "nft",
			link: "link",
		};
		const isLo = (r: Resource) => r.kind === "link" && r.type === "loopback";
		for (const resource of overlay.resources.filter((r) => !isLo(r)).reverse()) {
			const kind = events[resource.kind];
			if (kind === undefined) continue;
			heard.length = 0;
			foreign({ verb: "del", resource });
			await waitFor(kind, nsOf(resource)).catch((cause) => {
				throw new Error(`after the deletion of ${keyOf(resource)}`, { cause });
			});
		}
		apply(kernel, making(overlay.resources));
	});

	test(title("a link that somebody sets down is told"), { skip }, async () => {
		const { foreign, kernel } = fixture();
		heard.length = 0;
		const down = { ...overlay.vxlan1, up: false };
		foreign({ verb: "set", resource: down, was: overlay.vxlan1 });
		await waitFor("link", overlay.ns);
		apply(kernel, [{ verb: "set", resource: overlay.vxlan1, was: down }]);
	});

	test(title("namespaces that nobody watches are silent"), { skip }, async () => {
		const { foreign, kernel, newNetnsName, createForeignNetns, newVni } = fixture();
		const other = sampleOverlay(newNetnsName(), createForeignNetns(), newVni());
		apply(kernel, making(other.resources));
		await sleep(50);
		heard.length = 0;
		foreign({ verb: "del", resource: other.vxlan1 });
		await sleep(50);
		assert.deepEqual(heard, []);
		apply(kernel, deleting({ kind: "netns", name: other.ns }));
	});

	test(title("subscribe() ends when its result is called"), { skip }, async () => {
		const { foreign } = fixture();
		heard.length = 0;
		end();
		foreign({ verb: "del", resource: overlay.vxlan1 });
		await sleep(50);
		assert.deepEqual(heard, []);
	});
}
