import { rejoinEndpoint } from "../control/rejoin-endpoint.ts";
import { restoreNetwork } from "../control/restore-network.ts";
import { withdrawAttachment } from "../control/withdraw.ts";
import type { Attachment, Endpoint, Sandbox } from "../model/endpoint.ts";
import { isWeftError, WeftError } from "../model/error.ts";
import { keys } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import type { OwnRecords } from "../reconcile/own-records.ts";
import type { ContainerRuntime } from "../sandbox/runtime.ts";
import { hostsLine } from "./container-spec.ts";
import type { Runtime } from "./runtime.ts";

const seenTimeoutMs = 5_000;
/** How long `weft status` tells of what is done and cannot be undone. */
const toldMs = 3_600_000;

/** An endpoint that the cluster lost, as it last had it. */
interface Lost {
	readonly sandbox: Sandbox;
	readonly former: Endpoint;
	readonly network: Network;
}

/**
 * What becomes of connections whose endpoint is not in the store any more. One that was never there is no connection. One that
 * somebody took out, or whose network was removed, is given up. All others the cluster lost, because it took this host for dead or was
 * restored from a backup: those are brought back.
 */
export class LostEndpoints {
	readonly #runtime: Runtime;
	readonly #own: OwnRecords;
	readonly #containers: Pick<ContainerRuntime, "get">;

	constructor(runtime: Runtime, own: OwnRecords, containers: Pick<ContainerRuntime, "get">) {
		this.#runtime = runtime;
		this.#own = own;
		this.#containers = containers;
	}

	/** Resolves when all that this host has in the store by now would be brought back. */
	remember(): Promise<void> {
		return this.#own.flush();
	}

	/** To be called in the sandbox's turn. @returns Whether there is nothing left to do. @throws {WeftError} STORE_*, TIMEOUT */
	async settle(sandbox: Sandbox): Promise<boolean> {
		let settled = true;
		for (const attachment of sandbox.attachments)
			if (!(await this.#isThere(attachment)) && !(await this.#bringBack(sandbox, attachment))) settled = false;
		return settled;
	}

	async #isThere({ networkId, endpointId }: Attachment): Promise<boolean> {
		const { view, control } = this.#runtime;
		if (view.endpoints(networkId).has(endpointId)) return true;
		return (await control.store.get(keys.endpoint(networkId, endpointId))) !== undefined;
	}

	async #bringBack(sandbox: Sandbox, { networkId, endpointId }: Attachment): Promise<boolean> {
		const { control } = this.#runtime;
		const [former, network] = [this.#own.endpoint(networkId, endpointId), this.#own.network(networkId)];
		const mark = await control.store.get(keys.removedEndpoint(control.self.id, endpointId));
		if (former === undefined || network === undefined || mark !== undefined) {
			await withdrawAttachment(control, sandbox.id, networkId);
			if (mark !== undefined) await control.store.txn([], [{ delete: mark.key }]);
			return true;
		}
		const lost = { sandbox, former, network };
		if (!(await this.#networkIsThere(lost))) return true;
		try {
			await this.#rejoined(lost, await rejoinEndpoint(control, network, former));
			return true;
		} catch (error) {
			if (!isWeftError(error, "NAME_IN_USE", "POOL_EXHAUSTED")) throw error;
			this.#staysOut(lost, error);
			return false;
		}
	}

	async #networkIsThere({ sandbox, former, network }: Lost): Promise<boolean> {
		const { control, view, events, log, troubles } = this.#runtime;
		const { id, name } = network;
		if (view.network(id) !== undefined) return true;
		const outcome = await restoreNetwork(control, network);
		if (outcome === "restored") {
			log.warn({ network: name }, "put a network back that the store had lost");
			events.emit({ type: "network", action: "restore", id, name });
		}
		if (outcome !== "gone") return true;
		await withdrawAttachment(control, sandbox.id, id);
		const reason = "the network was removed, or lost, while this host was away";
		const error = new WeftError(
			"NETWORK_NOT_FOUND",
			`Cannot bring "${former.name}" back into network "${name}": ${reason}`,
			{
				fix: `weft network connect ANOTHER ${sandbox.name}`,
			},
		);
		troubles.note(former.id, error, this.#tolds(sandbox));
		this.#tell("lose", { sandbox, former, network }, error, { reason });
		return false;
	}

	async #rejoined(lost: Lost, endpoint: Endpoint): Promise<void> {
		const { view, pulse, log, troubles, events } = this.#runtime;
		const { sandbox, former, network } = lost;
		const { id, name, address } = endpoint;
		troubles.end(id);
		await pulse.until(() => view.endpoints(network.id).has(id), `"${name}" in "${network.name}"`, seenTimeoutMs);
		if (address === former.address) {
			log.warn(
				{ sandbox: sandbox.name, network: network.name, address },
				"brought back a connection that the store had lost",
			);
			events.emit({ type: "endpoint", action: "rejoin", id, name, attributes: { network: network.name, address } });
			return;
		}
		await this.#writeHosts(sandbox);
		const error = new WeftError(
			"ADDRESS_IN_USE",
			`Cannot give "${name}" its address ${former.address} in network "${network.name}" back: another container got it while this host was away, it has ${address} now`,
			{
				fix: `tell those that use ${former.address} and not the name; weft network disconnect and connect choose anew`,
			},
		);
		const tolds = this.#tolds(sandbox);
		troubles.note(id, error, () => tolds() && this.#isAttached(sandbox, id));
		this.#tell("rejoin", lost, error, { address, former: former.address });
	}

	/** Tells it once, and in `weft status` for as long as it lasts. */
	#staysOut(lost: Lost, cause: WeftError): void {
		const { sandbox, former, network } = lost;
		const error = new WeftError(
			cause.code,
			`Cannot bring "${former.name}" back into network "${network.name}": ${cause.message.replace(/^.*?": /, "")}`,
			{ fix: `disconnect that one, or give this one up: weft network disconnect ${network.name} ${sandbox.name}` },
		);
		if (this.#runtime.troubles.note(former.id, error, () => this.#isAttached(sandbox, former.id)))
			this.#tell("lose", lost, error, { reason: error.message });
	}

	#tell(action: string, { former, network }: Lost, error: WeftError, attributes: Record<string, string>): void {
		const { log, events } = this.#runtime;
		const { id, name } = former;
		log.error({ code: error.code }, error.message);
		events.emit({ type: "endpoint", action, id, name, attributes: { network: network.name, ...attributes } });
	}

	#isAttached({ id }: Sandbox, endpointId: string): boolean {
		const attachments = this.#runtime.view.sandboxes.get(id)?.attachments ?? [];
		return attachments.some((attachment) => attachment.endpointId === endpointId);
	}

	/** @returns Whether somebody may still want to know what happened to a sandbox. */
	#tolds({ id }: Sandbox): () => boolean {
		const until = performance.now() + toldMs;
		return () => performance.now() < until && this.#runtime.view.sandboxes.has(id);
	}

	/** Writes a container's /etc/hosts anew. */
	async #writeHosts({ id }: Sandbox): Promise<void> {
		const { view } = this.#runtime;
		const container = this.#containers.get(id);
		if (container === undefined) return;
		const endpoints = (view.sandboxes.get(id)?.attachments ?? []).flatMap(
			({ networkId, endpointId }) => view.endpoints(networkId).get(endpointId) ?? [],
		);
		await container.writeHosts(endpoints.map(({ address }) => hostsLine(container.spec, address)));
	}
}
