import { macOf } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { type AddressClaim, keys } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import { attempt } from "./attempt.ts";
import { type Chosen, chooseAddress } from "./choose-address.ts";
import { type ControlContext, decode } from "./context.ts";
import { getNetwork, notFound } from "./find-network.ts";
import { guardsOf, nameInUse, putEndpoint } from "./join-endpoint.ts";

/**
 * Brings an endpoint of this host back that the cluster lost: the same endpoint, with its former address if nobody holds that by
 * now (it may rest), else with another one. One that is there after all is left as it is.
 * @param former As the cluster had it.
 * @throws {WeftError} NETWORK_NOT_FOUND, NAME_IN_USE, POOL_EXHAUSTED, TIMEOUT
 */
export async function rejoinEndpoint(context: ControlContext, network: Network, former: Endpoint): Promise<Endpoint> {
	const { store } = context;
	return attempt(`bring "${former.name}" back into network "${network.name}"`, async () => {
		const [guards, there, current, holder] = await Promise.all([
			guardsOf(context, network.id),
			store.get(keys.endpoint(network.id, former.id)),
			getNetwork(store, network.id),
			store.get(keys.endpointName(network.id, former.name)),
		]);
		if (there !== undefined) return decode<Endpoint>(there);
		if (current === undefined) throw notFound(network.name, []);
		if (holder !== undefined) throw nameInUse(former.name, network);
		const chosen = await addressFor(context, network, former);
		const endpoint = { ...former, address: chosen.address, mac: macOf(chosen.address) };
		return (await putEndpoint(context, endpoint, { current, claim: chosen.claim, guards })) ? endpoint : undefined;
	});
}

async function addressFor(context: ControlContext, network: Network, { id, address }: Endpoint): Promise<Chosen> {
	const claim = await context.store.get(keys.address(network.id, address));
	if (claim === undefined) return { address, claim };
	const held = decode<AddressClaim>(claim);
	if (!("endpoint" in held) || held.endpoint === id) return { address, claim };
	return chooseAddress(context, network, {});
}
