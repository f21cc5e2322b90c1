import { randomBytes } from "node:crypto";
import { expectAlive } from "../src/control/alive.ts";
import { type ControlContext, encode } from "../src/control/context.ts";
import type { NetworkRequest } from "../src/control/create-network.ts";
import { addSandbox } from "../src/control/sandbox.ts";
import { keys } from "../src/model/keys.ts";
import { prefix } from "../src/model/prefix.ts";
import { openMemoryStore } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";
import { listSandboxes } from "./list-sandboxes.ts";
import { sampleHost } from "./samples.ts";

export type TestHost = ControlContext & { readonly clock: { ms: number } };

/** @returns A host as the changes of desired state see it, that asks for everything and knows nothing by itself. */
export function host(n: number, store: Store = openMemoryStore()): TestHost {
	const clock = { ms: 1_000_000 };
	const local = openMemoryStore();
	return {
		store,
		local,
		self: sampleHost(n),
		sandboxes: () => listSandboxes(local),
		followed: () => undefined,
		addressesOf: () => undefined,
		noteReleased: () => {},
		whileAlive: async () => [],
		gatewaySubnet: prefix("172.18.0.0/16"),
		now: () => clock.ms,
		randomId: () => randomBytes(32).toString("hex"),
		clock,
	};
}

/** @returns One that the cluster has to take for alive before it may join. */
export async function member(n: number, store: Store): Promise<TestHost> {
	const one = host(n, store);
	await store.txn([], [{ put: keys.host(one.self.id), value: encode(one.self) }]);
	await revive(one);
	return { ...one, whileAlive: () => expectAlive(store, one.self.id) };
}

/** Ends its lease. */
export async function die({ store, self }: ControlContext): Promise<void> {
	await store.txn([], [{ delete: keys.aliveHost(self.id) }]);
}

/** Gives it a new one. */
export async function revive({ store, self }: ControlContext): Promise<void> {
	await store.txn(
		[],
		[
			{ put: keys.aliveHost(self.id), value: encode({ epoch: 1, since: new Date(0).toISOString() }) },
			{ delete: keys.goneHost(self.id) },
		],
	);
}

export function request(name: string, pool: NetworkRequest["pool"] = {}): NetworkRequest {
	return {
		name,
		driver: "overlay",
		pool,
		internal: false,
		labels: {},
	};
}

/** @returns The id of a sandbox without connections. */
export async function sandbox(context: ControlContext, name: string): Promise<string> {
	const id = context.randomId();
	await addSandbox(context.local, { id, name, netns: `weft-${id.slice(0, 12)}`, owned: true, attachments: [] });
	return id;
}
