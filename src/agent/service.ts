import type { Service } from "../model/service.ts";
import { attachService } from "./attach-service.ts";
import type { ClusterStore } from "./cluster-store.ts";
import { type ContainerParts, containerService } from "./container-service.ts";
import { forget, hosts, hostView } from "./host-service.ts";
import { networkService } from "./network-service.ts";
import { problems, StoreClock } from "./problems.ts";
import { type Movers, storeService } from "./store-service.ts";
import { version } from "./version.ts";

/** All that the agent does for people and programs, on top of a running house. */
export function agentService(parts: ContainerParts, cluster: ClusterStore, movers: Movers): Service {
	const { runtime, sandboxes } = parts;
	const containers = containerService(parts);
	const startedAt = new Date().toISOString();
	const clock = new StoreClock(runtime.control.store.health);
	return {
		store: storeService(runtime, cluster, movers),
		networks: networkService(runtime, sandboxes, containers),
		containers,
		...attachService(parts),
		createToken: (request) => cluster.createToken(request.ttlSeconds),
		testPaths: () => runtime.pathTest.run(),
		hosts: () => hosts(runtime),
		forgetHost: (ref) => forget(runtime, ref),
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
