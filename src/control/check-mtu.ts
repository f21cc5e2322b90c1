import { vxlanOverheadBytes } from "../drivers/overlay.ts";
import { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";

/**
 * @param task "Cannot create network "blue"".
 * @param mtuBytes Of the network, as a person chose it; undefined for what follows from the underlay.
 * @throws {WeftError} MTU_TOO_SMALL The underlay of one of `hosts` does not carry the network's frames in one piece.
 */
export function checkMtu(task: string, mtuBytes: number | undefined, hosts: Iterable<Host>): void {
	if (mtuBytes === undefined) return;
	const needed = mtuBytes + vxlanOverheadBytes;
	for (const { name, underlayMtuBytes } of hosts) {
		if (underlayMtuBytes >= needed) continue;
		throw new WeftError(
			"MTU_TOO_SMALL",
			`${task}: its MTU of ${mtuBytes} and VXLAN's ${vxlanOverheadBytes} bytes need ${needed}, the underlay of ${name} carries ${underlayMtuBytes}`,
			{
				fix: `an MTU of ${underlayMtuBytes - vxlanOverheadBytes} for the network, or of ${needed} for the underlay of ${name}`,
			},
		);
	}
}
