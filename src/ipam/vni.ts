import { WeftError } from "../model/error.ts";
import { firstVni, lastVni } from "../model/network.ts";

/**
 * For how long the VNI of a removed network rests. A host that was cut off may hold the network still, and what its containers
 * send would come into another one of that number.
 */
export const vniRestMs = 600_000;

/**
 * Picks the lowest VNI that no network has, and none had lately.
 * @param used VNIs of networks.
 * @param released When VNIs that no network has were released (ms since 1970). One that still rests is taken only when
 *   nothing else is free.
 * @throws {WeftError} VNI_EXHAUSTED
 */
export function allocateVni(used: ReadonlySet<number>, released: ReadonlyMap<number, number>, nowMs: number): number {
	// In the future: by a clock that was wrong.
	const rests = (vni: number) => Math.abs(nowMs - (released.get(vni) ?? Number.NEGATIVE_INFINITY)) < vniRestMs;
	const lowest = (fits: (vni: number) => boolean) => {
		let vni = firstVni;
		while (vni <= lastVni && !fits(vni)) vni++;
		return vni > lastVni ? undefined : vni;
	};
	const vni = lowest((one) => !used.has(one) && !rests(one)) ?? lowest((one) => !used.has(one));
	if (vni !== undefined) return vni;
	throw new WeftError("VNI_EXHAUSTED", `Cannot give the network a VNI: all of ${firstVni} to ${lastVni} are in use`, {
		fix: "weft network prune removes networks without endpoints",
	});
}
