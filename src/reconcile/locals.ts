import type { Attachment, EndpointId, SandboxId } from "../model/endpoint.ts";
import type { NetworkId } from "../model/network.ts";
import type { View } from "./view.ts";

/** Which endpoints are this host's own: noted in a sandbox, and in the store. A host holds the networks that have one, and no others. */
export class Locals {
	/** Noted in a sandbox, whether or not the store has it. */
	readonly #sandboxOf = new Map<EndpointId, SandboxId>();
	readonly #byNetwork = new Map<NetworkId, Set<EndpointId>>();

	/** @returns Whether the network has an endpoint of this host. */
	has(id: NetworkId): boolean {
		return this.#byNetwork.has(id);
	}

	/** The networks with an endpoint of this host. */
	get networks(): number {
		return this.#byNetwork.size;
	}

	/** @returns The sandbox of an endpoint; undefined for one of another host. */
	sandboxOf(id: EndpointId): SandboxId | undefined {
		return this.#sandboxOf.get(id);
	}

	/** Notes that the attachments of a sandbox are others. @returns The networks that this host holds now, or no longer. */
	noteSandbox(view: View, id: SandboxId, before: readonly Attachment[], after: readonly Attachment[]): NetworkId[] {
		for (const { endpointId } of before) this.#sandboxOf.delete(endpointId);
		for (const { endpointId } of after) this.#sandboxOf.set(endpointId, id);
		return [...before, ...after].flatMap(({ networkId, endpointId }) => this.noteEndpoint(view, networkId, endpointId));
	}

	/** Notes that an endpoint came, or went. @returns Its network, if this host holds it now, or no longer. */
	noteEndpoint(view: View, networkId: NetworkId, id: EndpointId): NetworkId[] {
		const local = this.#sandboxOf.has(id) && view.endpoints(networkId).has(id);
		const own = this.#byNetwork.get(networkId);
		if (local === (own?.has(id) ?? false)) return [];
		if (local && own === undefined) {
			this.#byNetwork.set(networkId, new Set([id]));
			return [networkId];
		}
		if (local) own?.add(id);
		else own?.delete(id);
		if (own?.size !== 0) return [];
		this.#byNetwork.delete(networkId);
		return [networkId];
	}
}
