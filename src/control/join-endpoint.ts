import { at } from "../lib/point.ts";
import { macOf } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import { type AddressClaim, keys } from "../model/keys.ts";
import type { Network, NetworkId } from "../model/network.ts";
import { type Entry, type Expect, mayHaveHappened } from "../store/store.ts";
import { attach } from "./attachment.ts";
import { attempt } from "./attempt.ts";
import { checkMtu } from "./check-mtu.ts";
import { chooseAddress } from "./choose-address.ts";
import { type ControlContext, encode } from "./context.ts";
import { type FoundNetwork, getNetwork, knownNetwork, notFound } from "./find-network.ts";
import { changeSandbox } from "./sandbox.ts";
import { forgetAttachment, withdrawAttachment } from "./withdraw.ts";

export interface JoinRequest {
	readonly sandboxId: string;
	/** A name or an id. */
	readonly network: string;
	readonly name: string;
	readonly aliases: readonly string[];
	/** A fixed address, as typed. */
	readonly ip?: string;
	/** Names that interfaces of other programs have in the sandbox; none when omitted. */
	readonly otherLinks?: readonly string[];
}

export interface Joined {
	readonly network: Network;
	readonly endpoint: Endpoint;
}

/**
 * Gives a sandbox of this host an endpoint in a network. The host notes first where the endpoint will be plugged in,
 * then the cluster gets it: a crash in between leaves a note without an endpoint, which means nothing.
 *
 * @throws {WeftError} NETWORK_NOT_FOUND, ENDPOINT_EXISTS, NAME_IN_USE, SUBNET_OVERLAPS, MTU_TOO_SMALL, and what the choice of the address throws.
 */
export async function joinEndpoint(context: ControlContext, request: JoinRequest): Promise<Joined> {
	const network = await knownNetwork(context, request.network);
	checkMtu(`Cannot connect "${request.name}" to network "${network.name}"`, network.mtuBytes, [context.self]);
	const id = context.randomId();
	await changeSandbox(context.local, request.sandboxId, (sandbox) =>
		attach(context, sandbox, network, { endpointId: id, otherLinks: request.otherLinks ?? [] }),
	);
	at("join noted");
	try {
		const endpoint = await attempt(`join "${request.name}" to network "${network.name}"`, (run) =>
			tryJoin(context, request, network, { id, run }),
		);
		at("join stored");
		return { network, endpoint };
	} catch (error) {
		const taken = mayHaveHappened(error) ? withdrawAttachment : forgetAttachment;
		await taken(context, request.sandboxId, network.id).catch(() => {
			// The note alone does no harm: it is dropped when the agent starts.
		});
		throw error;
	}
}

async function tryJoin(
	context: ControlContext,
	request: JoinRequest,
	network: Network,
	{ id, run }: { readonly id: string; readonly run: number },
): Promise<Endpoint | undefined> {
	const { store } = context;
	const [guards, current, holder, { address, claim }] = await Promise.all([
		guardsOf(context, network.id),
		getNetwork(store, network.id),
		store.get(keys.endpointName(network.id, request.name)),
		chooseAddress(context, network, { ip: request.ip, run }),
	]);
	if (current === undefined) throw notFound(network.name, []);
	if (holder !== undefined) throw nameInUse(request.name, network);
	const endpoint: Endpoint = {
		id,
		networkId: network.id,
		hostId: context.self.id,
		sandboxId: request.sandboxId,
		name: request.name,
		aliases: request.aliases,
		address,
		mac: macOf(address),
	};
	return (await putEndpoint(context, endpoint, { current, claim, guards })) ? endpoint : undefined;
}

/** What was read before an endpoint is put. */
interface Read {
	readonly current: FoundNetwork;
	/** Of its address. */
	readonly claim: Entry | undefined;
	readonly guards: readonly Expect[];
}

/** @returns What keeps out an endpoint of this host that comes late: it was taken for dead meanwhile, or it took the endpoint back. */
export async function guardsOf(context: ControlContext, networkId: NetworkId): Promise<readonly Expect[]> {
	const key = keys.fence(networkId, context.self.id);
	const [alive, fence] = await Promise.all([context.whileAlive(), context.store.get(key)]);
	return [...alive, { key, revision: fence?.revision ?? 0 }];
}

/**
 * Puts an endpoint of this host into the cluster, with its name and its address.
 * @returns Whether it was: not when something has changed since it was read.
 */
export async function putEndpoint(
	{ store }: ControlContext,
	endpoint: Endpoint,
	{ current: { network, revision }, claim, guards }: Read,
): Promise<boolean> {
	const { id, address, name } = endpoint;
	const nameKey = keys.endpointName(network.id, name);
	const done = await store.txn(
		[
			...guards,
			{ key: keys.network(network.id), revision },
			{ key: nameKey, revision: 0 },
			{ key: keys.address(network.id, address), revision: claim?.revision ?? 0 },
			{ key: keys.endpoint(network.id, id), revision: 0 },
		],
		[
			{ put: keys.address(network.id, address), value: encode({ endpoint: id } satisfies AddressClaim) },
			{ put: nameKey, value: id },
			{ put: keys.endpoint(network.id, id), value: encode(endpoint) },
			{ put: keys.networkActivity(network.id), value: id },
		],
	);
	return done !== undefined;
}

export function nameInUse(name: string, network: Network): WeftError {
	return new WeftError(
		"NAME_IN_USE",
		`Cannot join "${name}" to network "${network.name}": a container of that name is in it`,
		{
			fix: `choose another name, or weft network disconnect ${network.name} ${name}`,
		},
	);
}
