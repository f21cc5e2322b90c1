import type { Lab } from "../lab.ts";

/** What is typed, where, and what it must show. */
export interface Step {
	readonly title: string;
	readonly commands: readonly Command[];
}

export interface Command {
	readonly host: string;
	/** As a person types it; words are split at spaces, `'…'` keeps some together. */
	readonly line: string;
	/** Lines of the output that are worth showing; all when omitted. */
	readonly show?: RegExp;
	/** What must be so, in words, and whether it is. */
	readonly expect: string;
	readonly holds: (output: string) => boolean;
	/** The command must fail. */
	readonly fails?: true;
}

/** The tutorial: two hosts, two networks, three containers. `ns` finds the namespace of the first network. */
export function steps(ns: (host: string) => string): Step[] {
	const has =
		(...texts: readonly string[]) =>
		(output: string) =>
			texts.every((text) => output.includes(text));
	const both = (line: string, expect: string, holds: Command["holds"], show?: RegExp): Command[] =>
		["host1", "host2"].map((host) => ({
			host,
			line: line.replaceAll("NS", ns(host)),
			expect,
			holds,
			...(show === undefined ? {} : { show }),
		}));
	return [
		{
			title: "A network is made on one host, and is there on the other",
			commands: [
				{
					host: "host1",
					line: "weft network create -d overlay ov_net1",
					expect: "its id",
					holds: (out) => /^[0-9a-f]{64}\s*$/.test(out),
				},
				{
					host: "host2",
					line: "weft network ls",
					expect: "ov_net1 is there, with scope global",
					holds: (out) => /ov_net1\s+overlay\s+global/.test(out),
				},
			],
		},
		{
			title: "A container on host1",
			commands: [
				{
					host: "host1",
					line: "weft run -d --name bbox1 --network ov_net1 -- sleep 1d",
					expect: "its id",
					holds: (out) => /[0-9a-f]{64}/.test(out),
				},
				{
					host: "host1",
					line: "weft exec bbox1 ip address",
					show: /^\d+:|inet /,
					expect: "eth0 is 10.0.0.2 in the overlay, eth1 is the way out",
					holds: (out) => /inet 10\.0\.0\.2\/24 .*eth0/.test(out) && /inet 172\.\d+\.0\.2\/16 .*eth1/.test(out),
				},
			],
		},
		{
			title: "A container on host2 finds it by name",
			commands: [
				{
					host: "host2",
					line: "weft run -d --name bbox2 --network ov_net1 -- sleep 1d",
					expect: "its id",
					holds: (out) => /[0-9a-f]{64}/.test(out),
				},
				{
					host: "host2",
					line: "weft exec bbox2 ping -c 2 bbox1",
					expect: "10.0.0.2 answers from the other host",
					holds: has("PING bbox1 (10.0.0.2)", " 0% packet loss"),
				},
				{
					host: "host2",
					line: "weft exec bbox2 ip -o -4 address show dev eth0",
					show: /inet/,
					expect: "bbox2 is 10.0.0.3",
					holds: has("10.0.0.3/24"),
				},
			],
		},
		{
			title: "What the kernels hold",
			commands: [
				...both("ip netns", "a namespace of the same name on both", (out) => /1-[0-9a-f]{10}/.test(out), /^1-/),
				...both("ip -n NS -br link", "br0, veth0 and vxlan1", has("br0", "veth0", "vxlan1")),
				{
					host: "host1",
					line: `ip -n ${ns("host1")} -d link show vxlan1`,
					show: /vxlan id/,
					expect: "VNI 256",
					holds: has("vxlan id 256"),
				},
				{
					host: "host1",
					line: `bridge -n ${ns("host1")} fdb show dev vxlan1`,
					show: /dst/,
					expect: "bbox2's MAC leads to host2",
					holds: has("02:42:0a:00:00:03", "192.168.56.102"),
				},
			],
		},
		{
			title: "A second network is cut off from the first",
			commands: [
				{
					host: "host1",
					line: "weft network create -d overlay ov_net2",
					expect: "its id",
					holds: (out) => /^[0-9a-f]{64}\s*$/.test(out),
				},
				{
					host: "host2",
					line: "weft run -d --name bbox3 --network ov_net2 -- sleep 1d",
					expect: "its id",
					holds: (out) => /[0-9a-f]{64}/.test(out),
				},
				{
					host: "host2",
					line: "weft exec bbox3 ip -o -4 address show dev eth0",
					show: /inet/,
					expect: "bbox3 is 10.0.1.2",
					holds: has("10.0.1.2/24"),
				},
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 bbox1",
					fails: true,
					expect: "no such name in ov_net2",
					holds: has("bad address"),
				},
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 10.0.0.2",
					fails: true,
					expect: "no way to its address",
					holds: has("100% packet loss"),
					show: /loss/,
				},
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 172.18.0.2",
					fails: true,
					expect: "nor to its neighbour bbox2 on the gateway bridge",
					holds: has("100% packet loss"),
					show: /loss/,
				},
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 203.0.113.10",
					expect: "the world is in reach",
					holds: has(" 0% packet loss"),
					show: /loss/,
				},
			],
		},
		{
			title: "Connected to the first network, it can",
			commands: [
				{ host: "host2", line: "weft network connect ov_net1 bbox3", expect: "done", holds: () => true },
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 bbox1",
					expect: "bbox1 answers",
					holds: has(" 0% packet loss"),
					show: /PING|bytes from/,
				},
			],
		},
	];
}

/** @returns The namespace of the overlay whose first endpoint a host holds. */
export function overlayNs(lab: Lab, host: string): string {
	return /1-[0-9a-f]{10}/.exec(lab.exec(host, ["ip", "netns"]))?.[0] ?? "";
}
