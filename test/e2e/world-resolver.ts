import { type ChildProcess, spawn } from "node:child_process";
import { labNetns, underlay } from "../../src/lab/names.ts";

/**
 * A resolver in the world beyond the underlay: what a lab's hosts have in /etc/resolv.conf. It knows outside.example, and of all
 * else that there is no such name.
 * @param records More flags of dnsmasq. @returns To be killed.
 */
export function worldResolver(lab: string, ...records: readonly string[]): ChildProcess {
	const flags = [
		"--no-daemon",
		"--no-resolv",
		"--no-hosts",
		"--conf-file=/dev/null",
		`--listen-address=${underlay.world}`,
		"--bind-interfaces",
		"--local=//",
		"--local=/example/",
		"--host-record=outside.example,198.51.100.200",
	];
	const argv = [`--net=/run/netns/${labNetns(lab).world}`, "dnsmasq", ...flags, ...records];
	return spawn("nsenter", argv, { stdio: "ignore" });
}
