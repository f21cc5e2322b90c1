import { decodeAll } from "../control/context.ts";
import { createNetwork } from "../control/create-network.ts";
import { findNetwork, listNetworks } from "../control/find-network.ts";
import { releaseEndpoint } from "../control/release-endpoint.ts";
import { removeNetwork } from "../control/remove-network.ts";
import { driverOf } from "../drivers/registry.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { isWeftError, WeftError } from "../model/error.ts";
import { keys } from "../model/keys.ts";
import { type Network, overlayNetns } from "../model/network.ts";
import { matchesFilters } from "../model/network-filter.ts";
import { cidrIn, prefixesOverlap } from "../model/prefix.ts";
import type { ContainerService, NetworkService } from "../model/service.ts";
import type { NetworkEndpointView, NetworkView } from "../model/view.ts";
import { overlayMtuBytes } from "../reconcile/desired.ts";
import type { Runtime } from "./runtime.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** The verbs of `weft network`. */
export function networkService(
	runtime: Runtime,
	sandboxes: Sandboxes,
	containers: Pick<ContainerService, "inspect">,
): NetworkService {
	const { control, events, members } = runtime;
	const { store } = control;
	/** @throws {WeftError} CONTAINER_NOT_FOUND, CONTAINER_NOT_RUNNING */
	const sandboxOf = async (ref: string) => {
		try {
			return sandboxes.find(ref);
		} catch (error) {
			const known = await containers.inspect(ref).catch(() => undefined);
			throw known === undefined ? error : hasEnded(known.name);
		}
	};
	return {
		async list({ filters }) {
			const networks = await listNetworks(store);
			return networks
				.map((network) => networkView(runtime, network, []))
				.filter((view) => matchesFilters(view, filters))
				.sort((a, b) => a.name.localeCompare(b.name));
		},

		async create(request) {
			driverOf(request.driver);
			const { subnet, ipRange, gateway, auxAddresses } = request;
			const network = await createNetwork(control, {
				name: request.name,
				driver: request.driver,
				pool: {
					...(subnet === undefined ? {} : { subnet }),
					...(ipRange === undefined ? {} : { ipRange }),
					...(gateway === undefined ? {} : { gateway }),
					auxAddresses,
				},
				internal: request.internal,
				labels: request.labels,
				...(request.mtuBytes === undefined ? {} : { mtuBytes: request.mtuBytes }),
			});
			events.emit({ type: "network", action: "create", id: network.id, name: network.name });
			return { id: network.id, warnings: overlapWarnings(network, await listNetworks(store)) };
		},

		async inspect(ref) {
			const { network } = await findNetwork(store, ref);
			const { entries } = await store.list(keys.endpoints(network.id));
			return networkView(runtime, network, decodeAll<Endpoint>(entries));
		},

		async remove(ref) {
			const network = await removeNetwork(control, ref, (id) => members.isDead(id));
			events.emit({ type: "network", action: "remove", id: network.id, name: network.name });
		},

		async connect(ref, { container, ip, aliases }) {
			const sandbox = await sandboxOf(container);
			return sandboxes.connect(sandbox, { network: ref, aliases, ...(ip === undefined ? {} : { ip }) });
		},

		async disconnect(ref, { container, force }) {
			try {
				await sandboxes.disconnect(await sandboxOf(container), ref);
			} catch (error) {
				if (!force || !isWeftError(error, "CONTAINER_NOT_FOUND", "CONTAINER_NOT_RUNNING")) throw error;
				await forceDisconnect(runtime, ref, container);
			}
		},

		async prune() {
			const removed: { id: string; name: string }[] = [];
			for (const { id } of await listNetworks(store)) {
				try {
					const { name } = await removeNetwork(control, id);
					removed.push({ id, name });
					events.emit({ type: "network", action: "remove", id, name });
				} catch (error) {
					if (!isWeftError(error, "NETWORK_HAS_ENDPOINTS", "NETWORK_NOT_FOUND")) throw error;
				}
			}
			return { removed };
		},
	};
}

function hasEnded(name: string): WeftError {
	return new WeftError("CONTAINER_NOT_RUNNING", `Cannot use container "${name}": it has ended, and left its networks`, {
		fix: `weft start ${name}`,
	});
}

/** @returns A warning for each network with addresses of the new one: that is allowed, and seldom meant. */
function overlapWarnings({ id, subnet }: Network, all: readonly Network[]): string[] {
	return all
		.filter((other) => other.id !== id && prefixesOverlap(other.subnet, subnet))
		.map((other) => `${subnet} overlaps ${other.subnet} of network "${other.name}": no container can be in both`);
}

/** Takes an endpoint out of the cluster whose container, or host, is gone. */
async function forceDisconnect({ control, self }: Runtime, ref: string, container: string): Promise<void> {
	const { network } = await findNetwork(control.store, ref);
	const { entries } = await control.store.list(keys.endpoints(network.id));
	const endpoint = decodeAll<Endpoint>(entries).find(
		({ name, id, sandboxId }) => name === container || id === container || sandboxId === container,
	);
	if (endpoint === undefined) {
		throw new WeftError(
			"ENDPOINT_NOT_FOUND",
			`Cannot disconnect "${container}" from network "${network.name}": it is not connected`,
			{
				fix: `weft network inspect ${network.name} shows who is`,
			},
		);
	}
	// A host that lost it otherwise brings it back.
	const { hostId, id } = endpoint;
	const also = hostId === self.id ? [] : [{ put: keys.removedEndpoint(hostId, id), value: network.id }];
	await releaseEndpoint(control, network.id, id, { also });
}

function networkView({ self, view, members }: Runtime, network: Network, endpoints: readonly Endpoint[]): NetworkView {
	const { id, name, driver, internal, vni, subnet, ipRange, gateway, auxAddresses, labels } = network;
	return {
		id,
		name,
		driver,
		scope: "global",
		created: network.createdAt,
		internal,
		ipam: { subnet, ...(ipRange === undefined ? {} : { ipRange }), gateway, auxAddresses },
		vni,
		mtuBytes: network.mtuBytes ?? overlayMtuBytes(self, view.hosts.values()),
		netns: overlayNetns(id),
		labels,
		containers: Object.fromEntries(
			endpoints.map((endpoint): [string, NetworkEndpointView] => [
				endpoint.sandboxId,
				{
					name: endpoint.name,
					endpointId: endpoint.id,
					macAddress: endpoint.mac,
					ipv4Address: cidrIn(endpoint.address, subnet),
					aliases: endpoint.aliases,
					host: view.hosts.get(endpoint.hostId)?.name ?? endpoint.hostId.slice(0, 12),
					hostState: members.stateOf(endpoint.hostId).state,
				},
			]),
		),
	};
}
