import type { Lab } from "../lab.ts";

export interface Step {
	readonly title: string;
	/** What one is about to see, in a sentence. */
	readonly about: string;
	readonly commands: readonly Command[];
}

/** What is typed, where, and what it must show. */
export interface Command {
	readonly host: string;
	/** As a person types it; words are split at spaces, `'…'` keeps some together. */
	readonly line: string;
	/** What must be so, in words, and whether it is. */
	readonly expect: string;
	readonly holds: (output: string) => boolean;
	/** The part of a line of the output that is worth showing; all of each when omitted. */
	readonly show?: RegExp;
	/** The command must fail. */
	readonly fails?: true;
}

const has =
	(...texts: readonly string[]) =>
	(output: string) =>
		texts.every((text) => output.includes(text));
const isId = (output: string) => /^[0-9a-f]{64}\s*$/.test(output);
const address = /^\d+: +\w+ +inet [\d./]+/;
const loss = /^.* packet loss/;
const link = /^\S+ +\S+ +[0-9a-f:]{17}/;

/** The tutorial: two hosts, two networks, three containers. `ns` finds the namespace of the first network. */
export function steps(ns: (host: string) => string): Step[] {
	const [ns1, ns2] = [ns("host1"), ns("host2")];
	return [
		{
			title: "A network is made on one host, and is there on the other",
			about: "What is wanted stands in a store that the agents of all hosts share.",
			commands: [
				{
					host: "host1",
					line: "weft network create -d overlay ov_net1",
					expect: "it is made; this is its id",
					holds: isId,
				},
				{
					host: "host2",
					line: "weft network ls",
					expect: "host2 knows it: scope global",
					holds: (out) => /ov_net1\s+overlay\s+global/.test(out),
				},
			],
		},
		{
			title: "A container on host1",
			about: "It gets an interface in the overlay, and one to the world.",
			commands: [
				{
					host: "host1",
					line: "weft run -d --name bbox1 --network ov_net1 -- sleep 1d",
					expect: "bbox1 runs",
					holds: isId,
				},
				{
					host: "host1",
					line: "weft exec bbox1 ip -o -4 address",
					show: address,
					expect: "eth0 is in the overlay, eth1 is the way out",
					holds: (out) => /eth0 +inet 10\.0\.0\.2\/24/.test(out) && /eth1 +inet 172\.\d+\.0\.2\/16/.test(out),
				},
			],
		},
		{
			title: "A container on host2 finds it by name",
			about: "Names are answered inside it, at 127.0.0.11; packets cross in VXLAN.",
			commands: [
				{
					host: "host2",
					line: "weft run -d --name bbox2 --network ov_net1 -- sleep 1d",
					expect: "bbox2 runs",
					holds: isId,
				},
				{
					host: "host2",
					line: "weft exec bbox2 ip -o -4 address show dev eth0",
					show: address,
					expect: "the next address of the same subnet",
					holds: has("10.0.0.3/24"),
				},
				{
					host: "host2",
					line: "weft exec bbox2 ping -c 2 bbox1",
					show: /^PING.*|^\d+ bytes.*|^.* packet loss/,
					expect: "10.0.0.2 answers from the other host",
					holds: has("PING bbox1 (10.0.0.2)", " 0% packet loss"),
				},
			],
		},
		{
			title: "What the kernels hold",
			about: "A namespace for the network, and in it a bridge and a VXLAN device.",
			commands: [
				{
					host: "host1",
					line: "ip netns",
					show: /^1-\w+/,
					expect: "the network's namespace",
					holds: has(ns1),
				},
				{
					host: "host2",
					line: "ip netns",
					show: /^1-\w+/,
					expect: "of the same name on the other host",
					holds: has(ns1),
				},
				{
					host: "host1",
					line: `ip -n ${ns1} -br link show master br0`,
					show: link,
					expect: "bbox1's veth and vxlan1 are the bridge's ports",
					holds: has("veth0", "vxlan1"),
				},
				{
					host: "host2",
					line: `ip -n ${ns2} -br link show master br0`,
					show: link,
					expect: "likewise on host2",
					holds: has("veth0", "vxlan1"),
				},
				{
					host: "host1",
					line: `ip -n ${ns1} -d link show vxlan1`,
					show: /vxlan id.*proxy/,
					expect: "VNI 256; nothing is learnt, so everything is programmed:",
					holds: has("vxlan id 256", "nolearning"),
				},
				{
					host: "host1",
					line: `bridge -n ${ns1} fdb show dev vxlan1`,
					show: /^.* dst \S+/,
					expect: "bbox2's MAC is behind host2",
					holds: has("02:42:0a:00:00:03", "192.168.56.102"),
				},
				{
					host: "host1",
					line: `ip -n ${ns1} neigh show dev vxlan1`,
					show: /^.* lladdr \S+/,
					expect: "and its address has that MAC: no ARP leaves the host",
					holds: has("10.0.0.3 lladdr 02:42:0a:00:00:03"),
				},
			],
		},
		{
			title: "A second network is cut off from the first",
			about: "By name, by address, and by way of the bridge that leads to the world.",
			commands: [
				{
					host: "host1",
					line: "weft network create -d overlay ov_net2",
					expect: "it is made",
					holds: isId,
				},
				{
					host: "host2",
					line: "weft run -d --name bbox3 --network ov_net2 -- sleep 1d",
					expect: "bbox3 runs, beside bbox2",
					holds: isId,
				},
				{
					host: "host2",
					line: "weft exec bbox3 ip -o -4 address show dev eth0",
					show: address,
					expect: "a subnet of its own",
					holds: has("10.0.1.2/24"),
				},
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 bbox1",
					fails: true,
					expect: "there is no such name in ov_net2",
					holds: has("bad address"),
				},
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 10.0.0.2",
					fails: true,
					show: loss,
					expect: "no way to bbox1's address",
					holds: has("100% packet loss"),
				},
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 172.18.0.2",
					fails: true,
					show: loss,
					expect: "nor to its neighbour bbox2 on the gateway bridge",
					holds: has("100% packet loss"),
				},
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 203.0.113.10",
					show: loss,
					expect: "but the world is in reach",
					holds: has(" 0% packet loss"),
				},
			],
		},
		{
			title: "Connected to the first network as well, it can",
			about: "A running container joins one network more.",
			commands: [
				{
					host: "host2",
					line: "weft network connect ov_net1 bbox3",
					expect: "done, which it says by saying nothing",
					holds: (out) => out === "",
				},
				{
					host: "host2",
					line: "weft exec bbox3 ip -o -4 address",
					show: address,
					expect: "an interface more, in the first network",
					holds: (out) => /eth2 +inet 10\.0\.0\.4\/24/.test(out),
				},
				{
					host: "host2",
					line: "weft exec bbox3 ping -c 1 -W 1 bbox1",
					show: /^PING.*|^\d+ bytes.*/,
					expect: "bbox1 answers",
					holds: has(" 0% packet loss"),
				},
			],
		},
	];
}

/** @returns The namespace of the overlay whose first endpoint a host holds; empty before there is one. */
export function overlayNs(lab: Lab, host: string): string {
	return /1-[0-9a-f]{10}/.exec(lab.exec(host, ["ip", "netns"]))?.[0] ?? "";
}
