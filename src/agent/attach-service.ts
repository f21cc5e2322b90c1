import { statSync } from "node:fs";
import { knownNetwork } from "../control/find-network.ts";
import { nameserver } from "../model/endpoint.ts";
import { causeText, isWeftError, WeftError } from "../model/error.ts";
import { hostNetns } from "../model/kernel-state.ts";
import type { AttachedView, AttachRequest, Service } from "../model/service.ts";
import type { ContainerParts } from "./container-service.ts";
import type { Runtime } from "./runtime.ts";
import { Turns } from "./turns.ts";

type Parts = Pick<ContainerParts, "runtime" | "sandboxes" | "names">;

/** A namespace, by its path and by its number. */
interface NetnsPlace {
	readonly path: string;
	readonly cookie: string;
}

/** The verbs for namespaces that weft did not make. */
export function attachService(parts: Parts): Pick<Service, "attach" | "detach"> {
	const { runtime, sandboxes } = parts;
	/** By namespace: two that attach one at once make one sandbox. */
	const turns = new Turns();
	return {
		async attach(request) {
			const path = netnsPath(request.netns);
			const cookie = cookieOf(runtime, request.netns, path);
			refuseOwn(runtime, request.netns, { path, cookie });
			return turns.run(cookie, () => attachNetns(parts, request, { path, cookie }));
		},

		async detach({ name }) {
			const sandbox = sandboxes.find(name);
			if (sandbox.owned) {
				throw new WeftError("CONTAINER_RUNNING", `Cannot detach "${name}": it is a container of weft`, {
					fix: `weft rm --force ${name}, or weft network disconnect NETWORK ${name}`,
				});
			}
			await sandboxes.remove(sandbox.id);
		},
	};
}

async function attachNetns(
	{ runtime, sandboxes, names }: Parts,
	{ network, name, ip, aliases }: AttachRequest,
	{ path, cookie }: NetnsPlace,
): Promise<AttachedView> {
	const known = [...runtime.view.sandboxes.values()].find((sandbox) => sandbox.cookie === cookie);
	using _claim = known === undefined ? names.claim("attach as", name) : undefined;
	const id = runtime.control.randomId();
	const sandbox = known ?? { id, name, netns: path, owned: false, cookie, attachments: [] };
	// Before anything is done in the namespace: lo, once it is up, stays so.
	const { id: networkId } = await knownNetwork(runtime.control, network);
	try {
		if (known === undefined) await sandboxes.add(sandbox);
		const endpoint = await sandboxes.connect(sandbox, {
			network: networkId,
			aliases,
			...(ip === undefined ? {} : { ip }),
		});
		return { ...endpoint, sandboxId: sandbox.id, name: sandbox.name, nameserver };
	} catch (error) {
		if (known === undefined) await sandboxes.remove(sandbox.id);
		throw error;
	}
}

/** @throws {WeftError} NETNS_NOT_FOUND */
function cookieOf({ kernel }: Runtime, typed: string, path: string): string {
	try {
		return kernel.netnsCookie(path);
	} catch (error) {
		if (isWeftError(error, "NETNS_NOT_FOUND")) throw noNetns(typed, `${path} is none`);
		throw error;
	}
}

/**
 * Weft's rules in the host's own namespace, or a network's, would cut it off.
 * @throws {WeftError} ARGUMENT_INVALID, CONTAINER_EXISTS
 */
function refuseOwn({ kernel, view }: Runtime, typed: string, { path, cookie }: NetnsPlace): void {
	if (kernel.netnsCookie(hostNetns) === cookie) {
		throw new WeftError("ARGUMENT_INVALID", `Cannot attach "${typed}": it is in the network namespace of the host`, {
			fix: "give it a namespace of its own: ip netns add NAME, ip netns exec NAME COMMAND",
		});
	}
	const name = kernel.ownNameOf(path);
	if (name === undefined) return;
	const container = [...view.sandboxes.values()].find(({ owned, netns }) => owned && netns === name);
	if (container === undefined) {
		throw new WeftError(
			"ARGUMENT_INVALID",
			`Cannot attach "${typed}": its network namespace is a network's own, ${name}`,
			{
				fix: "attach the namespace of a process, or one that ip netns add made",
			},
		);
	}
	throw new WeftError("CONTAINER_EXISTS", `Cannot attach "${typed}": it is the container "${container.name}" of weft`, {
		fix: `weft network connect NETWORK ${container.name}`,
	});
}

/** @returns An absolute path for "4711" (a process), "blue" (below /run/netns) or a path. @throws {WeftError} NETNS_NOT_FOUND */
function netnsPath(text: string): string {
	const path = /^\d+$/.test(text) ? `/proc/${text}/ns/net` : text.startsWith("/") ? text : `/run/netns/${text}`;
	try {
		statSync(path);
		return path;
	} catch (cause) {
		throw noNetns(text, causeText(cause));
	}
}

function noNetns(typed: string, cause: string): WeftError {
	return new WeftError("NETNS_NOT_FOUND", `Cannot attach "${typed}": there is no such network namespace`, {
		fix: "give a path, a name that ip netns lists, or the id of a running process",
		cause,
	});
}
