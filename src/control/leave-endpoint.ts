import { at } from "../lib/point.ts";
import type { Sandbox } from "../model/endpoint.ts";
import { isWeftError, WeftError } from "../model/error.ts";
import type { Network } from "../model/network.ts";
import type { ControlContext } from "./context.ts";
import { findNetwork } from "./find-network.ts";
import { releaseEndpoint } from "./release-endpoint.ts";
import { forgetAttachment, takeBack } from "./withdraw.ts";

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
	// One that the store had lost may be on its way back: that is not let in any more.
	if (!(await releaseEndpoint(context, network.id, attachment.endpointId)))
		await takeBack(context, network.id, attachment.endpointId);
	at("leave released");
	await forgetAttachment(context, sandbox.id, network.id);
	at("leave noted");
	return network;
}
