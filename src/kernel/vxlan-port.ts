import { WeftError } from "../model/error.ts";
import { holderText, portHolder } from "./port-holder.ts";

/**
 * Says who has the UDP port of an overlay, so that its vxlan device cannot go up. A device of other settings (`external`, `gbp`)
 * has it, too, and no process: that one is not named.
 * @param task "Cannot add link vxlan1 in 1-0123456789".
 */
export function vxlanPortInUse(task: string, port: number, cause?: unknown): WeftError {
	const holder = portHolder("udp", port);
	const who = holder === undefined ? "a program or a VXLAN device of other settings" : holderText(holder);
	return new WeftError("VXLAN_PORT_IN_USE", `${task}: UDP port ${port} is held by ${who}`, {
		fix:
			holder === undefined
				? `find it: ss -ulnp "sport = :${port}", ip -d link show type vxlan`
				: "stop it, or give it another port: every overlay of this host needs this one",
		...(cause === undefined ? {} : { cause }),
	});
}
