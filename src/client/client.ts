import type { Service } from "../model/service.ts";
import { Caller } from "./call.ts";

/** A whole number of seconds more than the agent itself may take to stop a container. */
const stopMarginMs = 30_000;

/**
 * The agent behind a unix socket. Nothing is sent before the first call.
 * Every call throws what the agent threw, and AGENT_UNREACHABLE or NOT_PERMITTED when there is no way to it.
 */
export function connectAgent({ socketPath }: { readonly socketPath: string }): Service {
	const agent = new Caller(socketPath);
	return {
		status: () => agent.call("status", {}),
		hosts: () => agent.call("hosts", {}),
		forgetHost: (ref) => agent.call("forgetHost", { ref }),
		testPaths: () => agent.call("testPaths", {}),
		createToken: (input) => agent.call("createToken", { input }),
		attach: (input) => agent.call("attach", { input }),
		detach: ({ name }) => agent.call("detach", { ref: name }),
		events: (signal) => agent.lines("events", { signal }),
		store: {
			check: (input) => agent.call("checkStore", { input }),
			backup: () => agent.lines("backupStore", {}),
			beginRestore: (input) => agent.call("beginRestore", { input }),
			putRecords: (input) => agent.call("putRecords", { input }),
			endRestore: (input) => agent.call("endRestore", { input }),
			migrate: (input, signal) => agent.lines("migrateStore", { input, signal }),
			abortMove: () => agent.call("abortMove", {}),
			recover: () => agent.call("recoverStore", {}),
			join: (input) => agent.call("joinStore", { input }),
		},
		networks: {
			list: ({ filters }) => agent.call("listNetworks", { input: filters }),
			create: (input) => agent.call("createNetwork", { input }),
			inspect: (ref) => agent.call("inspectNetwork", { ref }),
			remove: (ref) => agent.call("removeNetwork", { ref }),
			connect: (ref, input) => agent.call("connectNetwork", { ref, input }),
			disconnect: (ref, input) => agent.call("disconnectNetwork", { ref, input }),
			prune: () => agent.call("pruneNetworks", {}),
		},
		containers: {
			list: (input) => agent.call("listContainers", { input }),
			create: (input) => agent.call("createContainer", { input }),
			start: (ref) => agent.call("startContainer", { ref }),
			inspect: (ref) => agent.call("inspectContainer", { ref }),
			stop: (ref, input) =>
				agent.call("stopContainer", { ref, input, timeoutMs: input.timeoutSeconds * 1000 + stopMarginMs }),
			kill: (ref, input) => agent.call("killContainer", { ref, input }),
			remove: (ref, input) => agent.call("removeContainer", { ref, input }),
			logs: (ref, input, signal) => agent.lines("containerLogs", { ref, input, ...(signal && { signal }) }),
			exec: (ref, input) => agent.call("execContainer", { ref, input }),
			console: (ref) => agent.call("containerConsole", { ref }),
			wait: (ref, signal) =>
				agent.call("waitContainer", { ref, timeoutMs: Number.POSITIVE_INFINITY, ...(signal && { signal }) }),
		},
	};
}
