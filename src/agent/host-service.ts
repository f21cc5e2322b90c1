import { decodeAll } from "../control/context.ts";
import { forgetHost } from "../control/forget-host.ts";
import { closest } from "../model/closest.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import type { Host, HostId } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { ForgottenView, HostView } from "../model/view.ts";
import type { Runtime } from "./runtime.ts";

/** @returns All hosts, by name. While the store is away, what this host knows is told at once, without counts. */
export async function hosts(runtime: Runtime): Promise<HostView[]> {
	const { view, control } = runtime;
	const { entries } = control.store.health.reachable ? await control.store.list(keys.allEndpoints) : { entries: [] };
	const counts = new Map<HostId, number>();
	for (const { hostId } of decodeAll<Endpoint>(entries)) counts.set(hostId, (counts.get(hostId) ?? 0) + 1);
	return [...view.hosts.values()]
		.map((host) => hostView(runtime, host, counts.get(host.id) ?? 0))
		.sort((a, b) => a.name.localeCompare(b.name));
}

export function hostView({ members, self }: Runtime, host: Host, endpoints: number): HostView {
	const { id, name, vtep, agentPort, underlayMtuBytes, version, joinedAt } = host;
	return {
		id,
		name,
		self: id === self.id,
		...members.stateOf(id),
		vtep,
		agentPort,
		underlayMtuBytes,
		version,
		joinedAt,
		endpoints,
	};
}

/** @throws {WeftError} HOST_NOT_FOUND, HOST_ALIVE, ARGUMENT_INVALID */
export async function forget(runtime: Runtime, ref: string): Promise<ForgottenView> {
	const { control, events, log } = runtime;
	const host = findHost(runtime, ref);
	const { id, name } = host;
	const endpoints = await forgetHost(control, host);
	log.warn({ host: name, endpoints }, "forgot a host");
	events.emit({ type: "host", action: "forget", id, name, attributes: { endpoints: `${endpoints}` } });
	return { id, name, endpoints };
}

/** @param ref A name, an id, or the head of an id. Of two that have one name, the one that does not live is meant. */
function findHost({ view }: Runtime, ref: string): Host {
	const all = [...view.hosts.values()];
	const named = all.filter(({ id, name }) => name === ref || id === ref);
	const fits = named.length > 0 ? named : all.filter(({ id }) => id.startsWith(ref));
	const dead = fits.filter(({ id }) => !view.alive.has(id));
	const [only] = dead.length === 1 ? dead : fits;
	if (only === undefined) {
		const near = closest(
			ref,
			all.map(({ name }) => name),
		);
		const meant = near === undefined ? "" : `, did you mean "${near}"?`;
		throw new WeftError("HOST_NOT_FOUND", `Cannot find host "${ref}": no host has that name or id${meant}`, {
			fix: "weft hosts shows all hosts",
		});
	}
	if (fits.length > 1 && dead.length !== 1)
		throw new WeftError("ARGUMENT_INVALID", `Cannot tell which host "${ref}" means: it fits ${fits.length}`, {
			fix: "give the id that weft hosts shows",
		});
	return only;
}
