import { type Ipv4, ipv4FromNumber } from "../model/address.ts";
import type { Attachment, Sandbox } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import { keys } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import { type Prefix, prefixesOverlap, spanOf } from "../model/prefix.ts";
import { type ControlContext, decode } from "./context.ts";

/**
 * @param otherLinks Names that interfaces of other programs have in the sandbox.
 * @returns The sandbox with its place in a network, and with a way out if the network has one.
 * @throws {WeftError} ENDPOINT_EXISTS, SUBNET_OVERLAPS, POOL_EXHAUSTED
 */
export async function attach(
	context: ControlContext,
	sandbox: Sandbox,
	network: Network,
	{ endpointId, otherLinks }: { readonly endpointId: string; readonly otherLinks: readonly string[] },
): Promise<Sandbox> {
	if (sandbox.attachments.some((attachment) => attachment.networkId === network.id)) {
		throw new WeftError(
			"ENDPOINT_EXISTS",
			`Cannot connect "${sandbox.name}" to network "${network.name}": it is connected already`,
			{ fix: `weft network disconnect ${network.name} ${sandbox.name}` },
		);
	}
	await refuseOverlap(context, sandbox, network);
	const all = await context.sandboxes();
	const attachment: Attachment = {
		networkId: network.id,
		endpointId,
		port: freePort(all, network),
		ifname: freeIfname(sandbox, otherLinks),
		wayOut: !network.internal,
	};
	const attached = { ...sandbox, attachments: [...sandbox.attachments, attachment] };
	if (!attachment.wayOut || sandbox.gateway !== undefined) return attached;
	const address = freeGatewayAddress(all, context.gatewaySubnet);
	return { ...attached, gateway: { address, ifname: freeIfname(attached, otherLinks) } };
}

/** @returns The sandbox without its place in a network; its way out goes with the last network that has one. */
export function detach({ gateway, ...sandbox }: Sandbox, networkId: string): Sandbox {
	const attachments = sandbox.attachments.filter((attachment) => attachment.networkId !== networkId);
	const keepsGateway = gateway !== undefined && attachments.some(({ wayOut }) => wayOut);
	return { ...sandbox, attachments, ...(keepsGateway ? { gateway } : {}) };
}

/** Two networks may have the same addresses; a container in both would not know which one is meant. @throws {WeftError} SUBNET_OVERLAPS */
async function refuseOverlap({ store }: ControlContext, sandbox: Sandbox, network: Network): Promise<void> {
	for (const { networkId } of sandbox.attachments) {
		const entry = await store.get(keys.network(networkId));
		const other = entry === undefined ? undefined : decode<Network>(entry);
		if (other === undefined || !prefixesOverlap(other.subnet, network.subnet)) continue;
		throw new WeftError(
			"SUBNET_OVERLAPS",
			`Cannot connect "${sandbox.name}" to network "${network.name}": its subnet ${network.subnet} overlaps ${other.subnet} of "${other.name}", which "${sandbox.name}" is in`,
			{ fix: `weft network disconnect ${other.name} ${sandbox.name}, or create a network with another --subnet` },
		);
	}
}

/** @returns The lowest number that no other sandbox of this host has in the network. */
function freePort(all: readonly Sandbox[], network: Network): number {
	const taken = new Set(
		all.flatMap(({ attachments }) => attachments.filter((one) => one.networkId === network.id).map(({ port }) => port)),
	);
	let port = 0;
	while (taken.has(port)) port++;
	return port;
}

/** @returns The lowest of eth0, eth1 … that is free in the sandbox. */
function freeIfname({ attachments, gateway }: Sandbox, others: readonly string[]): string {
	const taken = new Set([...attachments.map(({ ifname }) => ifname), gateway?.ifname, ...others]);
	let n = 0;
	while (taken.has(`eth${n}`)) n++;
	return `eth${n}`;
}

/** @throws {WeftError} POOL_EXHAUSTED */
function freeGatewayAddress(all: readonly Sandbox[], subnet: Prefix): Ipv4 {
	const taken = new Set(all.map(({ gateway }) => gateway?.address));
	const { first, last } = spanOf(subnet);
	for (let value = first + 2; value < last; value++) {
		const address = ipv4FromNumber(value);
		if (!taken.has(address)) return address;
	}
	throw new WeftError(
		"POOL_EXHAUSTED",
		`Cannot give the sandbox an address on weft_gwbridge: all of ${subnet} are in use`,
	);
}
