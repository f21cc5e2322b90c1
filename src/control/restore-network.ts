import { keys, type VniClaim } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import { attempt } from "./attempt.ts";
import { type ControlContext, decode, encode } from "./context.ts";

/**
 * Puts a network back that the cluster lost. It did not lose one that somebody removed: that left a note at its VNI, or whoever
 * got the VNI since did.
 * @param network As the cluster had it.
 * @returns What became of it: it was there, it was put back, or it is gone for good: removed, or its name or VNI is another's by now.
 */
export async function restoreNetwork(
	{ store }: ControlContext,
	network: Network,
): Promise<"there" | "restored" | "gone"> {
	const { id, name, vni } = network;
	return attempt(`put network "${name}" back`, async () => {
		const [current, lock, named, claim] = await Promise.all(
			[keys.network(id), keys.networksLock, keys.networkName(name), keys.vni(vni)].map((key) => store.get(key)),
		);
		if (current !== undefined) return "there";
		if (named !== undefined || (claim !== undefined && !isOlder(decode<VniClaim>(claim), network))) return "gone";
		const done = await store.txn(
			[
				{ key: keys.network(id), revision: 0 },
				{ key: keys.networksLock, revision: lock?.revision ?? 0 },
				{ key: keys.networkName(name), revision: 0 },
				{ key: keys.vni(vni), revision: claim?.revision ?? 0 },
			],
			[
				{ put: keys.networksLock, value: id },
				{ put: keys.networkName(name), value: id },
				{ put: keys.vni(vni), value: encode({ network: id } satisfies VniClaim) },
				{ put: keys.network(id), value: encode(network) },
			],
		);
		return done === undefined ? undefined : "restored";
	});
}

/** Whether what a VNI tells is of a network before this one. */
function isOlder(claim: VniClaim, { id, createdAt }: Network): boolean {
	return "releasedAt" in claim && claim.of !== id && claim.releasedAt < Date.parse(createdAt);
}
