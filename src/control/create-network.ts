import { type PoolRequest, planPool } from "../ipam/pool.ts";
import { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import { firstVni, lastVni, type Network } from "../model/network.ts";
import { attempt } from "./attempt.ts";
import { type ControlContext, decode, encode } from "./context.ts";

/** A network as a person asks for it; `pool` holds the texts as typed. */
export interface NetworkRequest {
	readonly name: string;
	readonly driver: string;
	readonly pool: PoolRequest;
	readonly internal: boolean;
	readonly mtuBytes?: number;
	readonly labels: Readonly<Record<string, string>>;
}

/** @throws {WeftError} NETWORK_EXISTS, VNI_EXHAUSTED, and what `planPool` throws. */
export async function createNetwork(context: ControlContext, request: NetworkRequest): Promise<Network> {
	const { store } = context;
	const id = context.randomId();
	return attempt(`create network "${request.name}"`, async () => {
		const lock = await store.get(keys.networksLock);
		const [networks, hosts] = await Promise.all([store.list(keys.networks), store.list(keys.hosts)]);
		const others = networks.entries.map((entry) => decode<Network>(entry));
		const twin = others.find((other) => other.name === request.name);
		if (twin !== undefined) throw exists(twin);
		const network: Network = {
			id,
			name: request.name,
			driver: request.driver,
			vni: freeVni(others),
			...planPool(
				request.pool,
				others.map((other) => other.subnet),
				hosts.entries
					.map((entry) => decode<Host>(entry))
					.flatMap((host) => host.routes.map((route) => ({ host: host.name, route }))),
			),
			internal: request.internal,
			...(request.mtuBytes === undefined ? {} : { mtuBytes: request.mtuBytes }),
			labels: request.labels,
			createdAt: new Date(context.now()).toISOString(),
		};
		const revision = await store.txn(
			[
				{ key: keys.networksLock, revision: lock?.revision ?? 0 },
				{ key: keys.networkName(network.name), revision: 0 },
				{ key: keys.vni(network.vni), revision: 0 },
			],
			[
				{ put: keys.networksLock, value: id },
				{ put: keys.networkName(network.name), value: id },
				{ put: keys.vni(network.vni), value: id },
				{ put: keys.network(id), value: encode(network) },
			],
		);
		return revision === undefined ? undefined : network;
	});
}

function exists(twin: Network): WeftError {
	return new WeftError(
		"NETWORK_EXISTS",
		`Cannot create network "${twin.name}": a network of that name exists (${twin.id.slice(0, 12)}, ${twin.subnet})`,
		{ fix: `choose another name, or weft network rm ${twin.name}` },
	);
}

function freeVni(others: readonly Network[]): number {
	const taken = new Set(others.map((other) => other.vni));
	let vni = firstVni;
	while (taken.has(vni)) vni++;
	if (vni > lastVni) {
		throw new WeftError("VNI_EXHAUSTED", `Cannot give the network a VNI: all of ${firstVni} to ${lastVni} are in use`, {
			fix: "weft network prune removes networks without endpoints",
		});
	}
	return vni;
}
