import { changeSandbox, freeIfname } from "../control/sandbox.ts";
import { type Ipv4, ipv4FromNumber } from "../model/address.ts";
import type { Sandbox, SandboxId } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import { spanOf } from "../model/prefix.ts";
import type { Runtime } from "./runtime.ts";
import { shown } from "./shown.ts";

/** Gives a sandbox its way out by weft_gwbridge, when it has none: the first network with one brings it. @throws {WeftError} POOL_EXHAUSTED */
export async function giveWayOut(runtime: Runtime, which: Sandbox): Promise<void> {
	const { id } = which;
	const otherLinks = otherLinksIn(runtime, which);
	await changeSandbox(runtime.control.local, id, (sandbox) =>
		sandbox.gateway === undefined
			? { ...sandbox, gateway: { address: freeAddress(runtime), ifname: freeIfname(sandbox, otherLinks) } }
			: sandbox,
	);
	await shown(runtime, "the way out", () => runtime.view.sandboxes.get(id)?.gateway !== undefined);
}

/** Gives a sandbox its way out when one of its networks has one, and takes it away with the last of those. */
export async function settleWayOut(runtime: Runtime, id: SandboxId): Promise<void> {
	const { control, view } = runtime;
	const sandbox = view.sandboxes.get(id);
	if (sandbox === undefined) return;
	const networks = sandbox.attachments.map(({ networkId }) => view.network(networkId));
	if (networks.some((network) => network?.internal === false)) return giveWayOut(runtime, sandbox);
	// Of a network that is not known yet nobody can tell.
	if (sandbox.gateway === undefined || networks.includes(undefined)) return;
	await changeSandbox(control.local, id, ({ gateway: _gone, ...rest }) => rest);
	await shown(runtime, "the change", () => view.sandboxes.get(id)?.gateway === undefined);
}

/** In a namespace that weft made, all are its own. @throws {WeftError} NETNS_NOT_FOUND */
export function otherLinksIn({ kernel }: Runtime, { owned, netns }: Sandbox): readonly string[] {
	return owned ? [] : kernel.linkNames(netns);
}

function freeAddress({ view, identity }: Runtime): Ipv4 {
	const taken = new Set([...view.sandboxes.values()].map(({ gateway }) => gateway?.address));
	const { first, last } = spanOf(identity.gatewaySubnet);
	for (let value = first + 2; value < last; value++) {
		const address = ipv4FromNumber(value);
		if (!taken.has(address)) return address;
	}
	throw new WeftError(
		"POOL_EXHAUSTED",
		`Cannot give the sandbox an address on weft_gwbridge: all of ${identity.gatewaySubnet} are in use`,
	);
}
