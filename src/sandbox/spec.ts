import { join } from "node:path";
import type { RestartPolicy } from "../model/restart.ts";
import type { NetworkJoin } from "../model/service.ts";

/** A container as it was asked for: kept beside its bundle, so that an agent that starts anew knows it. */
export interface ContainerSpec {
	/** 64 hex digits. */
	readonly id: string;
	readonly name: string;
	readonly hostname: string;
	readonly command: readonly string[];
	/** "NAME=value". */
	readonly env: readonly string[];
	readonly workdir: string;
	/** An absolute path; absent for the busybox root. */
	readonly rootfs?: string;
	/** The path of the network namespace. */
	readonly netns: string;
	readonly tty: boolean;
	readonly stdin: boolean;
	readonly autoRemove: boolean;
	readonly restart: RestartPolicy;
	/** Those that it was asked for with; it may have come into others, and left some, since. */
	readonly networks: readonly NetworkJoin[];
	/** ISO 8601. */
	readonly createdAt: string;
}

export type ContainerStatus =
	| { readonly state: "created" }
	| { readonly state: "running"; readonly pid: number; readonly startedAt: string }
	| { readonly state: "exited"; readonly exitCode: number; readonly startedAt: string; readonly finishedAt: string };

/** Where the containers of one host are kept. `stateDir` survives a reboot, `runDir` does not. */
export interface SandboxDirs {
	readonly stateDir: string;
	readonly runDir: string;
}

/** Where the things of one container stand. */
export function containerPaths({ stateDir, runDir }: SandboxDirs, id: string) {
	const dir = join(containersDir({ stateDir }), id);
	return {
		dir,
		spec: join(dir, "spec.json"),
		bundle: join(dir, "bundle"),
		config: join(dir, "bundle", "config.json"),
		rootfs: join(dir, "bundle", "rootfs"),
		upper: join(dir, "upper"),
		work: join(dir, "work"),
		etc: join(dir, "etc"),
		log: join(dir, "log"),
		/** Of the container's first process. */
		pid: join(dir, "pid"),
		conmonPid: join(dir, "conmon.pid"),
		started: join(dir, "started"),
		/** How often it began again, and whether it may. */
		record: join(dir, "restarts.json"),
		/** The networks that it has left, to come back to. */
		left: join(dir, "networks.json"),
		hosts: join(dir, "etc", "hosts"),
		exits: exitDir({ stateDir, runDir }),
		exit: join(exitDir({ stateDir, runDir }), id),
		persist: join(dir, "persist"),
		/** conmon puts a folder of the container's id into it. Short: a socket's path has 108 bytes. */
		sockets: join(runDir, "c"),
		socketDir: join(runDir, "c", id),
		attach: join(runDir, "c", id, "attach"),
		control: join(dir, "bundle", "ctl"),
		windowSize: join(dir, "bundle", "winsz"),
		stdin: join(dir, "stdin"),
		/** Runs runc with its stdin from there. */
		runtime: join(dir, "runtime"),
		runcRoot: join(runDir, "runc"),
	};
}

export type ContainerPaths = ReturnType<typeof containerPaths>;

/** Each container has a folder of its id here. */
export function containersDir({ stateDir }: Pick<SandboxDirs, "stateDir">): string {
	return join(stateDir, "containers");
}

/** conmon writes the exit code of each container into a file of its id here. */
export function exitDir({ stateDir }: SandboxDirs): string {
	return join(stateDir, "exits");
}
