import { join } from "node:path";
import type { Sandbox } from "../model/endpoint.ts";
import type { CreateContainerRequest } from "../model/service.ts";
import type { ContainerSpec } from "../sandbox/spec.ts";

/** @returns What a container is, of what was asked for. */
export function specOf(id: string, name: string, request: CreateContainerRequest): ContainerSpec {
	const { command, env, tty, stdin, autoRemove, rootfs } = request;
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
		createdAt: new Date().toISOString(),
	};
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
