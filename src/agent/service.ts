import { decodeAll } from "../control/context.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { Host } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Service } from "../model/service.ts";
import type { HostView } from "../model/view.ts";
import { attachService } from "./attach-service.ts";
import type { ClusterStore } from "./cluster-store.ts";
import { type ContainerParts, containerService } from "./container-service.ts";
import { hostState, networkService } from "./network-service.ts";
import { problems, StoreClock } from "./problems.ts";
import type { Runtime } from "./runtime.ts";
import { version } from "./version.ts";

/** All that the agent does for people and programs, on top of a running house. */
export function agentService(parts: ContainerParts, cluster: ClusterStore): Service {
	const { runtime, sandboxes } = parts;
	const containers = containerService(parts);
	const startedAt = new Date().toISOString();
	const clock = new StoreClock(runtime.control.store.health);
	return {
		networks: networkService(runtime, sandboxes, containers),
		containers,
		...attachService(parts),
		createToken: (request) => cluster.createToken(request.ttlSeconds),
		testPaths: () => runtime.pathTest.run(),
		hosts: () => hosts(runtime),
		events: (signal) => runtime.events.listen(signal),

		async status() {
			const { view, loop, names, identity, control } = runtime;
			const { health } = control.store;
			const all = await hosts(runtime).catch(() => []);
			return {
				version,
				pid: process.pid,
				startedAt,
				host: all.find(({ self }) => self) ?? hostView(runtime, runtime.self, 0),
				store: {
					url: identity.storeUrl,
					state: health.reachable ? "connected" : "unreachable",
					since: clock.since,
				},
				names: names.status(),
				kernel: {
					state: loop.failures.causes().length === 0 ? "in-sync" : "converging",
					...(loop.auditedAt === undefined ? {} : { auditedAt: loop.auditedAt.toISOString() }),
					mended: loop.mended,
				},
				networks: [...view.networkIds()].length,
				containers: view.sandboxes.size,
				hosts: view.hosts.size,
				problems: problems(runtime, clock, [...parts.containers.damaged.values(), ...view.damaged.values()]),
			};
		},
	};
}

async function hosts(runtime: Runtime): Promise<HostView[]> {
	const { view, control } = runtime;
	// While the store is away, what this host knows is told at once, without counts.
	const { entries } = control.store.health.reachable ? await control.store.list(keys.allEndpoints) : { entries: [] };
	const counts = new Map<string, number>();
	for (const { hostId } of decodeAll<Endpoint>(entries)) {
		counts.set(hostId, (counts.get(hostId) ?? 0) + 1);
	}
	return [...view.hosts.values()]
		.map((host) => hostView(runtime, host, counts.get(host.id) ?? 0))
		.sort((a, b) => a.name.localeCompare(b.name));
}

function hostView({ view, self }: Runtime, host: Host, endpoints: number): HostView {
	const liveness = view.alive.get(host.id);
	return {
		id: host.id,
		name: host.name,
		self: host.id === self.id,
		state: hostState(liveness !== undefined),
		...(liveness === undefined ? {} : { since: liveness.since }),
		vtep: host.vtep,
		agentPort: host.agentPort,
		underlayMtuBytes: host.underlayMtuBytes,
		version: host.version,
		joinedAt: host.joinedAt,
		endpoints,
	};
}
