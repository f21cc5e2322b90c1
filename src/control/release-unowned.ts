import type { Endpoint, Sandbox } from "../model/endpoint.ts";
import { keys, localKeys } from "../model/keys.ts";
import { type ControlContext, decode } from "./context.ts";
import { releaseEndpoint } from "./release-endpoint.ts";

/** Takes endpoints of this host out of the cluster that no sandbox of it has. @returns Those. */
export async function releaseUnowned(context: ControlContext): Promise<readonly Endpoint[]> {
	const { store, local, self } = context;
	const { entries } = await store.list(keys.allEndpoints);
	const own = entries.map((entry) => decode<Endpoint>(entry)).filter(({ hostId }) => hostId === self.id);
	// Read afterwards: a join notes it here first.
	const sandboxes = await local.list(localKeys.sandboxes);
	const noted = new Set(
		sandboxes.entries.flatMap((entry) => decode<Sandbox>(entry).attachments.map(({ endpointId }) => endpointId)),
	);
	const unowned = own.filter(({ id }) => !noted.has(id));
	for (const { networkId, id } of unowned) await releaseEndpoint(context, networkId, id);
	return unowned;
}
