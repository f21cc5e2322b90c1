import { type Joined, joinEndpoint } from "../control/join-endpoint.ts";
import { leaveNetwork } from "../control/leave-endpoint.ts";
import { addSandbox, removeSandbox } from "../control/sandbox.ts";
import { takeBackWithdrawn, withdrawAttachment } from "../control/withdraw.ts";
import { checkDescriptors } from "../kernel/descriptors.ts";
import { at } from "../lib/point.ts";
import type { Sandbox, SandboxId } from "../model/endpoint.ts";
import { causeText, isWeftError } from "../model/error.ts";
import type { NetworkId } from "../model/network.ts";
import { prefixBits } from "../model/prefix.ts";
import type { NetworkJoin } from "../model/service.ts";
import type { ContainerEndpointView } from "../model/view.ts";
import { findContainer } from "./find-container.ts";
import type { LostEndpoints } from "./lost-endpoints.ts";
import type { Runtime } from "./runtime.ts";

/** How long the kernel may take before a connection is given up, and taken back. A VNI of a namespace that just went needs up to 2 s. */
const applyTimeoutMs = 5_000;

/** For the sockets of one look at the kernel (two in each of 64 namespaces), the programs that are being started, and callers of the API. */
const spareDescriptors = 256;

/** The sandboxes of this host and their connections: desired state is changed, and then waited for. */
export class Sandboxes {
	readonly #runtime: Runtime;
	readonly #lost: LostEndpoints;
	readonly #beforeLeaving: (id: SandboxId, joins: readonly NetworkJoin[]) => Promise<void>;
	/** Changes of one host's sandboxes run one after the other: they share the numbers of ports and the gateway's addresses. */
	#queue: Promise<unknown> = Promise.resolve();
	/** To be removed, and not removed yet; and why. */
	readonly #doomed = new Map<SandboxId, string>();

	/** @param beforeLeaving Called with the networks that a sandbox is in before it leaves them all. */
	constructor(
		runtime: Runtime,
		lost: LostEndpoints,
		beforeLeaving: (id: SandboxId, joins: readonly NetworkJoin[]) => Promise<void>,
	) {
		this.#runtime = runtime;
		this.#lost = lost;
		this.#beforeLeaving = beforeLeaving;
	}

	/** @param ref A name, an id, or the unique head of an id. @throws {WeftError} CONTAINER_NOT_FOUND, ARGUMENT_INVALID */
	find(ref: string): Sandbox {
		return findContainer([...this.#runtime.view.sandboxes.values()], ref);
	}

	/** Adds a sandbox without connections, and waits for its namespace. @throws {WeftError} KERNEL_LIMIT */
	async add(sandbox: Sandbox): Promise<void> {
		checkDescriptors(`Cannot add "${sandbox.name}" to this host`, spareDescriptors);
		await addSandbox(this.#runtime.control.local, sandbox);
		at("sandbox added");
		await this.#seen("the sandbox", () => this.#runtime.view.sandboxes.has(sandbox.id));
		await this.#runtime.loop.applied(sandbox.id, applyTimeoutMs);
		await this.#runtime.names.sandboxReady(sandbox.id);
	}

	/** Waits until the kernel holds a sandbox with all its connections, and its names answer. */
	async ready(id: SandboxId): Promise<void> {
		const { view, loop, names } = this.#runtime;
		// What cannot be brought back now is told of, and tried again; the container is not kept waiting for it.
		await this.settle(id).catch(() => {});
		await loop.applied(id, applyTimeoutMs);
		for (const { networkId, endpointId } of view.sandboxes.get(id)?.attachments ?? []) {
			await loop.applied(networkId, applyTimeoutMs);
			await loop.applied(endpointId, applyTimeoutMs);
		}
		await names.sandboxReady(id);
	}

	/** Settles what becomes of connections that the cluster lost. @returns Whether there is nothing left to do. */
	settle(id: SandboxId): Promise<boolean> {
		return this.inTurn(async () => {
			const sandbox = this.#runtime.view.sandboxes.get(id);
			return sandbox === undefined || this.#lost.settle(sandbox);
		});
	}

	/** @returns What brings a sandbox into the networks that it is in, at its addresses. */
	#joinsOf(id: SandboxId): NetworkJoin[] {
		const { view } = this.#runtime;
		const joins: NetworkJoin[] = [];
		for (const { networkId, endpointId } of view.sandboxes.get(id)?.attachments ?? []) {
			const endpoint = view.endpoints(networkId).get(endpointId);
			if (endpoint !== undefined) joins.push({ network: networkId, ip: endpoint.address, aliases: endpoint.aliases });
		}
		return joins;
	}

	/** Connects a sandbox to a network; when it returns, the address and the name work. All or nothing. */
	connect(sandbox: Sandbox, join: NetworkJoin): Promise<ContainerEndpointView> {
		return this.inTurn(async () => {
			const { control, view, events } = this.#runtime;
			await this.#makeRoom(sandbox.id);
			const otherLinks = otherLinksIn(this.#runtime, sandbox);
			const joined = await joinEndpoint(control, { sandboxId: sandbox.id, name: sandbox.name, ...join, otherLinks });
			const { network, endpoint } = joined;
			try {
				await this.#seen(
					"the endpoint",
					() => view.network(network.id) !== undefined && view.endpoints(network.id).has(endpoint.id),
				);
				// Who is told that it is connected finds it so, even if the host dies now and the cluster forgets it.
				await Promise.all([this.#lost.remember(), this.#applied(sandbox.id, joined)]);
			} catch (error) {
				await this.#takeBack(sandbox.id, network.id);
				throw error;
			}
			events.emit({
				type: "endpoint",
				action: "connect",
				id: endpoint.id,
				name: endpoint.name,
				attributes: { network: network.name, address: endpoint.address },
			});
			return this.endpointView(sandbox.id, joined);
		});
	}

	async #applied(sandboxId: string, { network, endpoint }: Joined): Promise<void> {
		const { loop, names } = this.#runtime;
		await loop.applied(network.id, applyTimeoutMs);
		await loop.applied(endpoint.id, applyTimeoutMs);
		await loop.applied(sandboxId, applyTimeoutMs);
		await names.sandboxReady(sandboxId);
	}

	/**
	 * Disconnects a sandbox from a network, and waits until the kernel let go.
	 * @throws {WeftError} NETWORK_NOT_FOUND, ENDPOINT_NOT_FOUND
	 */
	disconnect(sandbox: Sandbox, network: string): Promise<void> {
		return this.inTurn(() => this.#leave(sandbox.id, network));
	}

	async #leave(id: string, ref: string): Promise<void> {
		const { control, view, loop, events } = this.#runtime;
		const sandbox = view.sandboxes.get(id);
		if (sandbox === undefined) return;
		const network = await leaveNetwork(control, sandbox, ref);
		const connected = () => view.sandboxes.get(id)?.attachments.some(({ networkId }) => networkId === network.id);
		await this.#seen("the disconnection", () => !connected());
		await loop.settled();
		events.emit({
			type: "endpoint",
			action: "disconnect",
			id,
			name: sandbox.name,
			attributes: { network: network.name },
		});
	}

	async #takeBack(id: SandboxId, networkId: NetworkId): Promise<void> {
		const { control, log } = this.#runtime;
		try {
			await this.#leave(id, networkId);
		} catch (error) {
			log.warn(
				{ cause: causeText(error) },
				"cannot take back a connection that failed: it will be when the store answers",
			);
			await withdrawAttachment(control, id, networkId);
		}
	}

	/** Finishes what has to go and could not before: it would be in the way of names and addresses. */
	async #makeRoom(id: SandboxId): Promise<void> {
		for (const doomed of this.#doomed.keys())
			await this.#remove(doomed).catch(() => {
				// It is tried again later; what stands in the way of a name says so.
			});
		await this.takeBack(id);
	}

	/** Ends for the cluster what was ended for this host when the store was away. */
	async takeBack(id: SandboxId): Promise<void> {
		const { control, view } = this.#runtime;
		const sandbox = view.sandboxes.get(id);
		if (sandbox === undefined || sandbox.withdrawn === undefined) return;
		await takeBackWithdrawn(control, sandbox);
		await this.#seen("what was withdrawn", () => view.sandboxes.get(id)?.withdrawn === undefined);
	}

	/** Notes that a sandbox has to go: its name is free, and it will go when the store lets it. */
	doom(id: SandboxId, reason: string): void {
		this.#doomed.set(id, reason);
	}

	/** @returns Why a sandbox has to go; nothing when it may stay. */
	doomOf(id: SandboxId): string | undefined {
		return this.#doomed.get(id);
	}

	/** Takes a sandbox out of all its networks, and removes it. One that is gone is no error. */
	remove(id: SandboxId): Promise<void> {
		if (!this.#doomed.has(id)) this.doom(id, "it could not be removed before");
		return this.inTurn(() => this.#remove(id));
	}

	async #remove(id: SandboxId): Promise<void> {
		const { control, view, loop } = this.#runtime;
		if (view.sandboxes.has(id)) await this.#beforeLeaving(id, this.#joinsOf(id));
		for (const { networkId } of view.sandboxes.get(id)?.attachments ?? [])
			await this.#leave(id, networkId).catch((error: unknown) => {
				// The network was removed after the endpoint had been taken out by force.
				if (!isWeftError(error, "NETWORK_NOT_FOUND")) throw error;
			});
		await this.takeBack(id);
		await removeSandbox(control.local, id);
		at("sandbox removed");
		await this.#seen("the removal", () => !view.sandboxes.has(id));
		this.#doomed.delete(id);
		await loop.settled();
	}

	endpointView(sandboxId: string, { network, endpoint }: Joined): ContainerEndpointView {
		const attachments = this.#runtime.view.sandboxes.get(sandboxId)?.attachments ?? [];
		return {
			networkId: network.id,
			endpointId: endpoint.id,
			ifname: attachments.find(({ endpointId }) => endpointId === endpoint.id)?.ifname ?? "",
			ipAddress: endpoint.address,
			ipPrefixLen: prefixBits(network.subnet),
			macAddress: endpoint.mac,
			gateway: network.gateway,
			aliases: endpoint.aliases,
		};
	}

	/** Waits until the view shows what was just written: the store's watch brings it. */
	#seen(what: string, shown: () => boolean): Promise<void> {
		return this.#runtime.pulse.until(shown, what, applyTimeoutMs);
	}

	/** Runs a change when those before it are done. */
	inTurn<T>(work: () => Promise<T>): Promise<T> {
		const result = this.#queue.then(work, work);
		this.#queue = result.catch(() => {});
		return result;
	}
}

/** In a namespace that weft made, all are its own. @throws {WeftError} NETNS_NOT_FOUND */
function otherLinksIn({ kernel }: Runtime, { owned, netns }: Sandbox): readonly string[] {
	return owned ? [] : kernel.linkNames(netns);
}
