import { join } from "node:path";
import type { Sandbox } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import { noRestart, type RestartPolicy } from "../model/restart.ts";
import type { CreateContainerRequest } from "../model/service.ts";
import type { ContainerSpec } from "../sandbox/spec.ts";

/** @returns What a container is, of what was asked for. @throws {WeftError} ARGUMENT_INVALID */
export function specOf(id: string, name: string, request: CreateContainerRequest): ContainerSpec {
	const { command, env, tty, stdin, autoRemove, rootfs, networks, restart = noRestart } = request;
	checkRestart(name, autoRemove, restart);
	return {
		id,
		name,
		hostname: request.hostname ?? id.slice(0, 12),
		command,
		env,
		workdir: request.workdir ?? "/",
		...(rootfs === undefined ? {} : { rootfs }),
		netns: join("/run/netns", netnsOf(id)),
		tty,
		stdin,
		autoRemove,
		restart,
		networks,
		createdAt: new Date().toISOString(),
	};
}

/** @throws {WeftError} ARGUMENT_INVALID */
function checkRestart(name: string, autoRemove: boolean, restart: RestartPolicy): void {
	if (autoRemove && restart.name !== "no") {
		throw new WeftError(
			"ARGUMENT_INVALID",
			`Cannot create container "${name}": it is to be removed when it ends (--rm), and to begin again (--restart)`,
			{ fix: "give one of --rm and --restart" },
		);
	}
	if (restart.name !== "on-failure" && restart.maximumRetryCount !== 0) {
		throw new WeftError(
			"ARGUMENT_INVALID",
			`Cannot create container "${name}": restart policy ${restart.name} takes no count`,
			{ fix: `--restart=${restart.name}, or --restart=on-failure:${restart.maximumRetryCount}` },
		);
	}
}

/** @returns The sandbox that a container is to be in, without connections. */
export function sandboxOf({ id, name }: ContainerSpec): Sandbox {
	return { id, name, netns: netnsOf(id), owned: true, attachments: [] };
}

function netnsOf(id: string): string {
	return `weft-${id.slice(0, 12)}`;
}

/** @returns The line of /etc/hosts that tells a container its own address in a network. */
export function hostsLine({ hostname, name }: ContainerSpec, address: string): string {
	return `${address}\t${[hostname, ...(name === hostname ? [] : [name])].join(" ")}`;
}
