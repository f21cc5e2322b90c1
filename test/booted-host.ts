import assert from "node:assert/strict";
import { encode } from "../src/control/context.ts";
import { joinEndpoint } from "../src/control/join-endpoint.ts";
import { leaveNetwork } from "../src/control/leave-endpoint.ts";
import { addSandbox, removeSandbox } from "../src/control/sandbox.ts";
import { openFakeKernel } from "../src/kernel/fake.ts";
import type { Sandbox } from "../src/model/endpoint.ts";
import { keys, localKeys } from "../src/model/keys.ts";
import { formatOp } from "../src/plan/format.ts";
import { Reconciler } from "../src/reconcile/reconciler.ts";
import { type EmbeddedStore, openMemoryStore } from "../src/store/sqlite.ts";
import { host } from "./control-host.ts";
import { listSandboxes } from "./list-sandboxes.ts";
import { sampleHost } from "./samples.ts";
import { samplePool } from "./worlds.ts";

/** One host of a cluster: real control, real reconcile, a fake kernel. */
export async function bootHost(
	n: number,
	store: EmbeddedStore,
	{ kernel = openFakeKernel(), local = openMemoryStore() } = {},
) {
	const self = sampleHost(n);
	const mended: string[] = [];
	await store.txn([], [{ put: keys.host(self.id), value: encode(self) }]);
	const reconciler = new Reconciler({
		store,
		local,
		kernel,
		self,
		gatewayPool: samplePool,
		onChange: () => {},
		onBatch: () => {},
		onRound: () => {},
		onMended: (ops) => mended.push(...ops.map(formatOp)),
		onError: assert.ifError,
		onDamaged: () => {},
		onStuck: () => {},
		onRestored: () => {},
	});
	await reconciler.start();
	const control = {
		...host(n, store),
		local,
		sandboxes: () => listSandboxes(local),
		gatewaySubnet: samplePool.subnet,
		now: () => Date.now(),
	};
	return {
		kernel,
		local,
		control,
		reconciler,
		/** The commands of what was mended. */
		mended,
		async run(name: string, network: string, more: Partial<Sandbox> = {}) {
			const id = control.randomId();
			const netns = `weft-${id.slice(0, 12)}`;
			await addSandbox(local, { id, name, netns, owned: true, attachments: [], ...more });
			const { endpoint } = await joinEndpoint(control, { sandboxId: id, network, name, aliases: [] });
			await settle();
			await reconciler.loop.settled();
			return { id, netns, endpoint };
		},
		async remove(id: string, network: string) {
			const entry = await local.get(localKeys.sandbox(id));
			await leaveNetwork(control, JSON.parse(entry?.value ?? "") as Sandbox, network);
			await removeSandbox(local, id);
			await settle();
			await reconciler.loop.settled();
		},
		close: () => reconciler.close(),
	};
}

/** Looks again and again, for as long as a busy machine may take; what then holds is for the caller to assert. */
export async function until(holds: () => boolean): Promise<void> {
	for (const deadline = performance.now() + 5_000; !holds() && performance.now() < deadline; ) await settle();
}

/** Lets watches deliver: everything is in this process. */
export function settle(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, 60));
}

export const request = { name: "ov_net1", driver: "overlay", pool: {}, internal: false, labels: {} };
