import { join } from "node:path";
import { WeftError } from "../model/error.ts";

/** The addresses of the tutorial: host1 is .101. */
export const underlay = {
	subnet: "192.168.56.0/24",
	router: "192.168.56.1",
	address: (n: number) => `192.168.56.${100 + n}`,
	/** A machine beyond the underlay, for what must reach the world. */
	world: "203.0.113.10",
	worldRouter: "203.0.113.1",
} as const;

export const mostHosts = 9;

/** Where the labs of this machine stand: it goes with the last one. */
export const labsFolder = "/var/lib/weft-lab";

/** Where one lab's things stand; several labs may stand side by side. */
export function labPaths(name: string) {
	const dir = join(labsFolder, name);
	return {
		dir,
		hostDir: (host: string) => join(dir, host),
		/** Which process holds the host up. */
		holder: (host: string) => join(dir, host, "holder"),
		/** What the host keeps over a reboot. */
		hostState: (host: string) => join(dir, host, "state"),
		resolvConf: (host: string) => join(dir, host, "resolv.conf"),
	};
}

/** The names of a lab's namespaces, below /run/netns. */
export function labNetns(name: string) {
	const prefix = `weft-${name}`;
	return {
		prefix,
		underlay: `${prefix}-underlay`,
		world: `${prefix}-world`,
		host: (host: string) => `${prefix}-${host}`,
	};
}

/** @returns The number of "host3". @throws {WeftError} HOST_NOT_FOUND */
export function hostNumber(host: string): number {
	const n = Number(/^host([1-9])$/.exec(host)?.[1]);
	if (Number.isInteger(n)) return n;
	throw new WeftError("HOST_NOT_FOUND", `Cannot find "${host}" in the lab: its hosts are called host1, host2 …`, {
		fix: "weft lab ls",
	});
}

/** @throws {WeftError} NAME_INVALID */
export function checkLabName(name: string): void {
	if (/^[a-z][a-z0-9]{0,7}$/.test(name)) return;
	throw new WeftError("NAME_INVALID", `Cannot call a lab "${name}": 1 to 8 lower-case letters and digits are wanted`, {
		fix: "weft lab up --lab test1",
	});
}
