import type { Endpoint } from "../model/endpoint.ts";
import { type AddressClaim, keys } from "../model/keys.ts";
import { attempt } from "./attempt.ts";
import { type ControlContext, decode, encode } from "./context.ts";

/** Takes an endpoint out of the cluster. Its address rests for a while. One that is gone is no error. */
export async function releaseEndpoint(
	{ store, now }: Pick<ControlContext, "store" | "now">,
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
