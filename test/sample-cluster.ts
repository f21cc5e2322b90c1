import { createHash } from "node:crypto";
import type { ControlContext } from "../src/control/context.ts";
import { createNetwork } from "../src/control/create-network.ts";
import { joinEndpoint } from "../src/control/join-endpoint.ts";
import { releaseEndpoint } from "../src/control/release-endpoint.ts";
import { removeNetwork } from "../src/control/remove-network.ts";
import { addSandbox } from "../src/control/sandbox.ts";
import { keys } from "../src/model/keys.ts";
import { type EmbeddedStore, openMemoryStore } from "../src/store/sqlite.ts";
import { host } from "./control-host.ts";

/** @returns Numbers from 0 up to `below`, the same for each seed. */
function random(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
		return Math.floor((state / 2_147_483_648) * below);
	};
}

/** @returns A store as a life of a small cluster leaves it: hosts, some alive; networks, endpoints; and what went before. */
export async function sampleCluster(seed: number): Promise<EmbeddedStore> {
	const pick = random(seed);
	const store = openMemoryStore();
	let made = 0;
	const contexts = Array.from(
		{ length: 1 + pick(3) },
		(_, n): ControlContext => ({
			...host(n + 1, store),
			randomId: () => createHash("sha256").update(`${seed} ${made++}`).digest("hex"),
		}),
	);
	for (const { self } of contexts) {
		await store.txn([], [{ put: keys.host(self.id), value: JSON.stringify(self) }]);
		if (pick(3) > 0) await store.txn([], [{ put: keys.aliveHost(self.id), value: '{"epoch":1,"since":""}' }]);
	}
	await store.txn([], [{ put: `${keys.tokens}/0123`, value: '{"expiresAt":1}' }]);
	for (let n = 0; n < 2 + pick(3); n++) await network(contexts[pick(contexts.length)], `net${n}`, pick);
	return store;

	async function network(context: ControlContext | undefined, name: string, any: typeof pick): Promise<void> {
		if (context === undefined) return;
		const request = { name, driver: "overlay", pool: {}, internal: any(2) > 0, labels: {} };
		await createNetwork(context, request);
		for (let n = 0; n < any(6); n++) {
			const host = contexts[any(contexts.length)] ?? context;
			const sandboxId = host.randomId();
			await addSandbox(host.local, { id: sandboxId, name: `c${n}`, netns: "x", owned: true, attachments: [] });
			const { endpoint } = await joinEndpoint(host, { sandboxId, network: name, name: `C${n}`, aliases: ["any"] });
			if (any(4) === 0) await releaseEndpoint(host, endpoint.networkId, endpoint.id);
		}
		if (any(4) === 0) await removeNetwork(context, name).catch(() => {});
	}
}
