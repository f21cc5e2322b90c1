import type { PictureChange } from "../dns/picture.ts";
import type { HostId } from "../model/host.ts";
import type { NetworkId } from "../model/network.ts";
import type { View, ViewChange } from "../reconcile/view.ts";

/** Which endpoints are answered for, and how. */
export interface Shown {
	readonly self: HostId;
	/** Whether the names of a host's endpoints are hidden. */
	readonly isSuspended: (id: HostId) => boolean;
}

/** @returns What a change of the view means for names. */
export function changesOf(view: View, change: ViewChange, shown: Shown): PictureChange[] {
	switch (change.kind) {
		case "network": {
			const network = view.network(change.id);
			const value = network === undefined ? undefined : { name: network.name, subnet: network.subnet };
			return [{ network: change.id, ...(value === undefined ? {} : { value }) }];
		}
		case "endpoint":
			return [endpointChange(view, change, shown)];
		case "sandbox": {
			const sandbox = view.sandboxes.get(change.id);
			if (sandbox === undefined) return [{ sandbox: change.id }];
			const networks = sandbox.attachments.map(({ networkId }) => networkId);
			return [{ sandbox: change.id, value: { netns: sandbox.netns, networks } }];
		}
		case "host":
		case "liveness":
		case "gone":
			return [];
	}
}

/** @returns All that there is, for a names process that knows nothing yet. */
export function wholePicture(view: View, shown: Shown): PictureChange[] {
	const changes: ViewChange[] = [];
	for (const id of view.networkIds()) {
		changes.push({ kind: "network", id });
		for (const endpoint of view.endpoints(id).keys())
			changes.push({ kind: "endpoint", networkId: id, id: endpoint, before: undefined });
	}
	for (const id of view.sandboxes.keys()) changes.push({ kind: "sandbox", id, before: undefined });
	return changes.flatMap((change) => changesOf(view, change, shown));
}

function endpointChange(
	view: View,
	{ networkId, id }: { readonly networkId: NetworkId; readonly id: string },
	{ self, isSuspended }: Shown,
): PictureChange {
	const picture = { endpoint: id, in: networkId };
	const endpoint = view.endpoints(networkId).get(id);
	if (endpoint === undefined || isSuspended(endpoint.hostId)) return picture;
	const { name, aliases, address, hostId } = endpoint;
	return { ...picture, value: { name, aliases, address, local: hostId === self } };
}
