import { at } from "../lib/point.ts";
import type { Endpoint, Sandbox } from "../model/endpoint.ts";
import { isWeftError, WeftError } from "../model/error.ts";
import { type AddressClaim, keys } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import type { Store } from "../store/store.ts";
import { attempt } from "./attempt.ts";
import { type ControlContext, decode, encode } from "./context.ts";
import { findNetwork } from "./find-network.ts";
import { withoutAttachment } from "./join-endpoint.ts";
import { changeSandbox } from "./sandbox.ts";

/**
 * Takes a sandbox of this host out of a network: first out of the cluster, then off the host's own note.
 * @throws {WeftError} NETWORK_NOT_FOUND, ENDPOINT_NOT_FOUND
 */
export async function leaveNetwork(context: ControlContext, sandbox: Sandbox, ref: string): Promise<Network> {
	const { network } = await findNetwork(context.store, ref).catch(async (error: unknown) => {
		if (isWeftError(error, "NETWORK_NOT_FOUND")) await forgetAttachment(context, sandbox.id, ref);
		throw error;
	});
	const attachment = sandbox.attachments.find(({ networkId }) => networkId === network.id);
	if (attachment === undefined) {
		throw new WeftError(
			"ENDPOINT_NOT_FOUND",
			`Cannot disconnect "${sandbox.name}" from network "${network.name}": it is not connected`,
			{ fix: `weft network inspect ${network.name} shows who is` },
		);
	}
	await releaseEndpoint(context, network.id, attachment.endpointId);
	at("leave released");
	await forgetAttachment(context, sandbox.id, network.id);
	at("leave noted");
	return network;
}

/** Takes a connection off the host's own note, and nothing else. */
export async function forgetAttachment({ local }: ControlContext, sandboxId: string, networkId: string): Promise<void> {
	await changeSandbox(local, sandboxId, (current) => withoutAttachment(current, networkId));
}

/** Takes an endpoint out of the cluster. Its address rests for a while. One that is gone is no error. */
export async function releaseEndpoint(
	{ store, now }: { store: Store; now(): number },
	networkId: string,
	endpointId: string,
): Promise<void> {
	await attempt(`release endpoint ${endpointId.slice(0, 12)}`, async () => {
		const entry = await store.get(keys.endpoint(networkId, endpointId));
		if (entry === undefined) return true;
		const { address, name } = decode<Endpoint>(entry);
		const done = await store.txn(
			[{ key: entry.key, revision: entry.revision }],
			[
				{ delete: entry.key },
				{ delete: keys.endpointName(networkId, name) },
				{ put: keys.address(networkId, address), value: encode({ releasedAt: now() } satisfies AddressClaim) },
			],
		);
		return done === undefined ? undefined : true;
	});
}
