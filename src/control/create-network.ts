import { type PoolRequest, planPool } from "../ipam/pool.ts";
import { allocateVni } from "../ipam/vni.ts";
import { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import { keys, type VniClaim } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import type { Entry } from "../store/store.ts";
import { attempt } from "./attempt.ts";
import { checkMtu } from "./check-mtu.ts";
import { type ControlContext, decodeAll, encode } from "./context.ts";

/** A network as a person asks for it; `pool` holds the texts as typed. */
export interface NetworkRequest {
	readonly name: string;
	readonly driver: string;
	readonly pool: PoolRequest;
	readonly internal: boolean;
	readonly mtuBytes?: number;
	readonly labels: Readonly<Record<string, string>>;
}

/** @throws {WeftError} NETWORK_EXISTS, VNI_EXHAUSTED, MTU_TOO_SMALL, and what `planPool` throws. */
export async function createNetwork(context: ControlContext, request: NetworkRequest): Promise<Network> {
	const { store } = context;
	const id = context.randomId();
	return attempt(`create network "${request.name}"`, async () => {
		const lock = await store.get(keys.networksLock);
		const [networks, hosts] = await Promise.all([store.list(keys.networks), store.list(keys.hosts)]);
		const others = decodeAll<Network>(networks.entries);
		const twin = others.find((other) => other.name === request.name);
		if (twin !== undefined) throw exists(twin);
		const members = decodeAll<Host>(hosts.entries);
		checkMtu(`Cannot create network "${request.name}"`, request.mtuBytes, members);
		const { vni, claim } = await chooseVni(context, others);
		const network: Network = {
			id,
			name: request.name,
			driver: request.driver,
			vni,
			...planPool(
				request.pool,
				others.map((other) => other.subnet),
				members.flatMap((host) => host.routes.map((route) => ({ host: host.name, route }))),
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
				{ key: keys.vni(vni), revision: claim?.revision ?? 0 },
			],
			[
				{ put: keys.networksLock, value: id },
				{ put: keys.networkName(network.name), value: id },
				{ put: keys.vni(vni), value: encode({ network: id } satisfies VniClaim) },
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

/** @returns A free VNI, and the note of its former holder where there is one. */
async function chooseVni(
	{ store, now }: ControlContext,
	others: readonly Network[],
): Promise<{ vni: number; claim: Entry | undefined }> {
	const { entries } = await store.list(keys.vnis);
	const claims = new Map(entries.map((entry) => [Number(entry.key.slice(keys.vnis.length + 1)), entry]));
	const released = new Map<number, number>();
	for (const [vni, entry] of claims) {
		const [claim] = decodeAll<VniClaim>([entry]);
		if (claim !== undefined && "releasedAt" in claim) released.set(vni, claim.releasedAt);
	}
	const vni = allocateVni(new Set(others.map((other) => other.vni)), released, now());
	return { vni, claim: claims.get(vni) };
}
