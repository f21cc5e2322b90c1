import type { Resource } from "../model/kernel-state.ts";

/**
 * The place of a resource in the order of making: what stands on another comes after it. Unmaking runs the other way.
 * The guards come before the links that they guard, so that no frame passes unseen.
 */
export function rankOf(r: Resource): number {
	switch (r.kind) {
		case "netns":
			return 0;
		case "sysctl":
			// A setting of a device has to wait for the device.
			return sysctlDevice(r.key) === undefined ? 1 : 6;
		case "nft-table":
			return 2;
		case "nft-element":
			return 3;
		case "nft-rule":
			return 4;
		case "link":
			return r.type === "veth" ? 5.5 + place(r.peer.name) : r.type === "vxlan" ? 5.5 : 5;
		case "addr":
			return 7;
		case "fdb":
			return 8;
		case "neigh":
			return 9;
		case "route":
			return 10;
	}
}

/** Interfaces come into a sandbox in the order of their numbers: eth0 is the first that a program finds. @returns 0 to 0.1. */
function place(ifname: string): number {
	return Math.min(Number(/\d+$/.exec(ifname)?.[0] ?? 0), 1_000) / 10_000;
}

/** @returns "eth0" of "net.ipv4.conf.eth0.send_redirects"; undefined for a setting of the whole namespace. */
export function sysctlDevice(key: string): string | undefined {
	const device = /^net\.ipv[46]\.(?:conf|neigh)\.([^.]+)\./.exec(key)?.[1];
	return device === "all" || device === "default" ? undefined : device;
}
