import type { Sysctl } from "../../model/kernel-state.ts";
import { sysctlDevice } from "../../plan/rank.ts";
import { type FakeHost, type FakeNs, nsNamed, refusal } from "./state.ts";

/** What a fresh namespace holds; all else is "0". */
const defaults: readonly (readonly [RegExp, string])[] = [
	[/^net\.ipv4\.conf\.[^.]+\.send_redirects$/, "1"],
	[/^net\.ipv4\.ip_unprivileged_port_start$/, "1024"],
	[/^net\.ipv4\.ping_group_range$/, "1 0"],
];

/** @throws {Errno} ENOENT: the namespace, or the device that the key names */
export function replaceSysctl(host: FakeHost, { ns: ref, key, value }: Sysctl): void {
	const ns = nsNamed(host, ref);
	if (!known(ns, key)) throw refusal("open", "ENOENT");
	ns.sysctls.set(key, value);
}

/** @returns undefined for a device that is not there. */
export function readSysctl(ns: FakeNs, key: string): string | undefined {
	if (!known(ns, key)) return undefined;
	return ns.sysctls.get(key) ?? defaults.find(([pattern]) => pattern.test(key))?.[1] ?? "0";
}

function known(ns: FakeNs, key: string): boolean {
	const device = sysctlDevice(key);
	return device === undefined || ns.devs.has(device);
}
