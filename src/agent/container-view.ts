import type { Sandbox } from "../model/endpoint.ts";
import { prefixBits } from "../model/prefix.ts";
import { noRestart } from "../model/restart.ts";
import type { ContainerEndpointView, ContainerView } from "../model/view.ts";
import { Container } from "../sandbox/container.ts";
import type { Runtime } from "./runtime.ts";

/** @returns What is shown of a container of weft, or of a namespace that was attached. */
export function containerView(runtime: Runtime, one: Container | Sandbox): ContainerView {
	const sandbox = runtime.view.sandboxes.get(one.id);
	const gateway = sandbox?.gateway;
	const common = {
		id: one.id,
		name: one.name,
		host: runtime.self.name,
		networks: endpointViews(runtime, sandbox),
		...(gateway === undefined ? {} : { gatewayBridge: { ifname: gateway.ifname, ipAddress: gateway.address } }),
	};
	if (!(one instanceof Container)) {
		return {
			...common,
			state: "attached",
			hostname: "",
			command: [],
			env: [],
			tty: false,
			stdin: false,
			autoRemove: false,
			restartPolicy: noRestart,
			restartCount: 0,
			created: "",
			netns: one.netns,
		};
	}
	const { hostname, command, env, rootfs, tty, stdin, autoRemove, createdAt, netns } = one.spec;
	return {
		...common,
		...one.status,
		...(one.status.state === "exited" && one.isRestarting ? { state: "restarting" } : {}),
		hostname,
		command,
		env,
		rootfs: rootfs ?? one.paths.rootfs,
		tty,
		stdin,
		autoRemove,
		restartPolicy: one.restarts.policy,
		restartCount: one.restarts.count,
		created: createdAt,
		netns,
		logPath: one.paths.log,
	};
}

function endpointViews({ view }: Runtime, sandbox: Sandbox | undefined): Record<string, ContainerEndpointView> {
	const views: Record<string, ContainerEndpointView> = {};
	for (const { networkId, endpointId, ifname } of sandbox?.attachments ?? []) {
		const network = view.network(networkId);
		const endpoint = view.endpoints(networkId).get(endpointId);
		if (network === undefined || endpoint === undefined) continue;
		views[network.name] = {
			networkId,
			endpointId,
			ifname,
			ipAddress: endpoint.address,
			ipPrefixLen: prefixBits(network.subnet),
			macAddress: endpoint.mac,
			gateway: network.gateway,
			aliases: endpoint.aliases,
		};
	}
	return views;
}
