import { statSync } from "node:fs";
import type { Sandbox } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import type { Service } from "../model/service.ts";
import { nameserver } from "./names-feed.ts";
import type { Runtime } from "./runtime.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** The verbs for namespaces that weft did not make. */
export function attachService(runtime: Runtime, sandboxes: Sandboxes): Pick<Service, "attach" | "detach"> {
	return {
		async attach({ netns, network, name, ip, aliases }) {
			const path = netnsPath(netns);
			const cookie = runtime.kernel.netnsCookie(path);
			const known = [...runtime.view.sandboxes.values()].find((sandbox) => sandbox.cookie === cookie);
			const sandbox = known ?? newSandbox(runtime, name, path, cookie);
			if (known === undefined) await sandboxes.add(sandbox);
			try {
				const endpoint = await sandboxes.connect(sandbox, { network, aliases, ...(ip === undefined ? {} : { ip }) });
				return { ...endpoint, sandboxId: sandbox.id, name: sandbox.name, nameserver };
			} catch (error) {
				if (known === undefined) await sandboxes.remove(sandbox.id);
				throw error;
			}
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

function newSandbox({ view, control }: Runtime, name: string, netns: string, cookie: string): Sandbox {
	const twin = [...view.sandboxes.values()].find((sandbox) => sandbox.name === name);
	if (twin !== undefined) {
		throw new WeftError("CONTAINER_EXISTS", `Cannot attach as "${name}": a container of this host has that name`, {
			fix: "choose another with --name",
		});
	}
	return { id: control.randomId(), name, netns, owned: false, cookie, attachments: [] };
}

/** @returns An absolute path for "4711" (a process), "blue" (below /run/netns) or a path. @throws {WeftError} NETNS_NOT_FOUND */
function netnsPath(text: string): string {
	const path = /^\d+$/.test(text) ? `/proc/${text}/ns/net` : text.startsWith("/") ? text : `/run/netns/${text}`;
	try {
		statSync(path);
		return path;
	} catch (cause) {
		throw new WeftError("NETNS_NOT_FOUND", `Cannot attach "${text}": there is no network namespace at ${path}`, {
			fix: "give a path, a name that ip netns lists, or the id of a running process",
			cause,
		});
	}
}
