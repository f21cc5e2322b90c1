import type { Endpoint } from "../model/endpoint.ts";
import { type AddressClaim, keys, type ReleasedAddress } from "../model/keys.ts";
import type { Write } from "../store/store.ts";
import { attempt } from "./attempt.ts";
import { type ControlContext, decode, encode } from "./context.ts";

/** Takes an endpoint out of the cluster. Its address rests for a while. @returns Whether it was there. */
export async function releaseEndpoint(
	{ store, now }: Pick<ControlContext, "store" | "now">,
	networkId: string,
	endpointId: string,
	{ also = [] }: { readonly also?: readonly Write[] } = {},
): Promise<boolean> {
	const { there } = await attempt(`release endpoint ${endpointId.slice(0, 12)}`, async () => {
		const entry = await store.get(keys.endpoint(networkId, endpointId));
		if (entry === undefined) return { there: false };
		const writes = releasing(decode<Endpoint>(entry), { releasedAt: now() });
		const done = await store.txn([{ key: entry.key, revision: entry.revision }], [...writes, ...also]);
		return done === undefined ? undefined : { there: true };
	});
	return there;
}

/** @returns What takes an endpoint out of the cluster: three writes. */
export function releasing({ id, networkId, name, address }: Endpoint, release: ReleasedAddress): Write[] {
	return [
		{ delete: keys.endpoint(networkId, id) },
		{ delete: keys.endpointName(networkId, name) },
		{ put: keys.address(networkId, address), value: encode(release satisfies AddressClaim) },
	];
}
