import type { KernelOp } from "../model/kernel-op.ts";
import { hostNetns, type Link, type NetnsRef, type PortFlags, type Resource } from "../model/kernel-state.ts";
import type { NftChain, NftRule, NftStatement } from "../model/nft.ts";
import { plainEqual } from "./equal.ts";

/** @returns The commands that would do what `op` does, one a line: for logs, tests and people. */
export function formatOp(op: KernelOp): string {
	if (op.verb === "set") return formatSet(op.resource, op.was).join("\n");
	const lines = op.verb === "del" ? formatDel(op.resource) : formatMake(op.resource);
	return lines.join("\n");
}

/** @returns All of `ops` as commands, one a line. */
export function formatOps(ops: readonly KernelOp[]): string {
	return ops.map(formatOp).join("\n");
}

function ip(ns: NetnsRef): string {
	if (ns === hostNetns) return "ip";
	return ns.startsWith("/") ? `nsenter --net=${ns} ip` : `ip -n ${ns}`;
}

/** The prefix of a program that has no flag for a namespace. */
function inNs(ns: NetnsRef): string {
	if (ns === hostNetns) return "";
	return ns.startsWith("/") ? `nsenter --net=${ns} ` : `ip netns exec ${ns} `;
}

function bridge(ns: NetnsRef): string {
	return ns === hostNetns || ns.startsWith("/") ? `${inNs(ns)}bridge` : `bridge -n ${ns}`;
}

function formatMake(r: Resource): string[] {
	switch (r.kind) {
		case "netns":
			return [`ip netns add ${r.name}`];
		case "link":
			return formatLinkAdd(r);
		case "addr":
			return [`${ip(r.ns)} address replace ${r.address} dev ${r.dev}`];
		case "route":
			return [
				`${ip(r.ns)} route replace ${dst(r.dst)}${r.via === undefined ? "" : ` via ${r.via}`} dev ${r.dev} proto 87`,
			];
		case "neigh":
			return [`${ip(r.ns)} neigh replace ${r.address} lladdr ${r.mac} dev ${r.dev} nud permanent`];
		case "fdb":
			return [`${bridge(r.ns)} fdb replace ${r.mac} dev ${r.dev}${fdbTail(r.dst)}`];
		case "sysctl":
			return [`${inNs(r.ns)}sysctl -w ${r.key}="${r.value}"`];
		case "nft-table":
			return formatTable(r).map((line) => `${inNs(r.ns)}${line}`);
		case "nft-element":
			return [`${inNs(r.ns)}nft add element ${r.family} ${r.table} ${r.set} { ${formatElement(r.element)} }`];
		case "nft-rule":
			return [
				`${inNs(r.ns)}nft insert rule ${r.family} ${r.table} ${r.chain} ${formatRule(r.rule)} comment "${r.comment}"`,
			];
	}
}

function formatDel(r: Resource): string[] {
	switch (r.kind) {
		case "netns":
			return [`ip netns del ${r.name}`];
		case "link":
			return [`${ip(r.ns)} link del ${r.name}`];
		case "addr":
			return [`${ip(r.ns)} address del ${r.address} dev ${r.dev}`];
		case "route":
			return [`${ip(r.ns)} route del ${dst(r.dst)} dev ${r.dev} proto 87`];
		case "neigh":
			return [`${ip(r.ns)} neigh del ${r.address} dev ${r.dev}`];
		case "fdb":
			return [`${bridge(r.ns)} fdb del ${r.mac} dev ${r.dev}${fdbTail(r.dst)}`];
		case "sysctl":
			return [];
		case "nft-table":
			return [`${inNs(r.ns)}nft delete table ${r.family} ${r.name}`];
		case "nft-element":
			return [`${inNs(r.ns)}nft delete element ${r.family} ${r.table} ${r.set} { ${formatElement(r.element)} }`];
		case "nft-rule":
			return [`${inNs(r.ns)}nft delete rule ${r.family} ${r.table} ${r.chain} handle "${r.comment}"`];
	}
}

function dst(prefix: string): string {
	return prefix === "0.0.0.0/0" ? "default" : prefix;
}

function fdbTail(dst: string | undefined): string {
	return dst === undefined ? " master static" : ` dst ${dst} self permanent`;
}

function formatLinkAdd(link: Link): string[] {
	if (link.type === "loopback") return [`${ip(link.ns)} link set lo ${link.up ? "up" : "down"}`];
	const lines: string[] = [];
	if (link.type === "bridge")
		lines.push(
			`${ip(link.ns)} link add ${link.name} address ${link.mac} mtu ${link.mtuBytes} type bridge mcast_snooping 0`,
		);
	else if (link.type === "vxlan")
		// Made from the host's namespace: the device's UDP socket stays there.
		lines.push(
			`ip link add ${link.name} netns ${link.ns} mtu ${link.mtuBytes} type vxlan id ${link.vni} dstport ${link.dstPort} nolearning proxy`,
		);
	else {
		const { peer } = link;
		lines.push(
			`${ip(link.ns)} link add ${link.name} mtu ${link.mtuBytes} type veth peer name ${peer.name} netns ${peer.ns} address ${peer.mac} mtu ${peer.mtuBytes}`,
		);
	}
	const { master, port } = link;
	const set = `${ip(link.ns)} link set ${link.name}`;
	lines.push(`${set} alias "${link.alias}" addrgenmode none${master === undefined ? "" : ` master ${master}`}`);
	if (port !== undefined) lines.push(formatPort(link.ns, link.name, port));
	// Last, so that no frame passes before the port is locked.
	if (link.up) lines.push(`${set} up`);
	if (link.type === "veth" && link.peer.up) lines.push(`${ip(link.peer.ns)} link set ${link.peer.name} up`);
	if (link.type === "veth" && link.peer.arpIgnore) lines.push(formatArpIgnore(link.peer));
	return lines;
}

function formatPort(ns: NetnsRef, name: string, port: PortFlags): string {
	const on = (flag: boolean) => (flag ? "on" : "off");
	return (
		`${bridge(ns)} link set dev ${name} locked ${on(port.locked)} learning ${on(port.learning)} flood ${on(port.flood)}` +
		` mcast_flood ${on(port.mcastFlood)} bcast_flood ${on(port.bcastFlood)} isolated ${on(port.isolated)}`
	);
}

function formatSet(link: Link, was: Link): string[] {
	if (link.type === "loopback" || was.type === "loopback") return formatLinkAdd(link);
	const words: string[] = [];
	if (link.alias !== was.alias) words.push(`alias "${link.alias}"`);
	if (link.mtuBytes !== was.mtuBytes) words.push(`mtu ${link.mtuBytes}`);
	if (link.type === "bridge" && was.type === "bridge" && link.mac !== was.mac) words.push(`address ${link.mac}`);
	if (link.master !== was.master) words.push(link.master === undefined ? "nomaster" : `master ${link.master}`);
	if (link.up !== was.up) words.push(link.up ? "up" : "down");
	const lines = words.length === 0 ? [] : [`${ip(link.ns)} link set ${link.name} ${words.join(" ")}`];
	const portChanged = link.master !== was.master || !plainEqual(link.port, was.port);
	if (link.port !== undefined && portChanged) lines.push(formatPort(link.ns, link.name, link.port));
	if (link.type === "veth" && was.type === "veth") lines.push(...formatPeerSet(link.peer, was.peer));
	return lines;
}

type Peer = Extract<Link, { type: "veth" }>["peer"];

function formatPeerSet(peer: Peer, was: Peer): string[] {
	const words: string[] = [];
	if (peer.mac !== was.mac) words.push(`address ${peer.mac}`);
	if (peer.mtuBytes !== was.mtuBytes) words.push(`mtu ${peer.mtuBytes}`);
	if (peer.up !== was.up) words.push(peer.up ? "up" : "down");
	return [
		...(words.length === 0 ? [] : [`${ip(peer.ns)} link set ${peer.name} ${words.join(" ")}`]),
		...(peer.arpIgnore === was.arpIgnore ? [] : [formatArpIgnore(peer)]),
	];
}

function formatArpIgnore({ ns, name, arpIgnore }: Peer): string {
	return `${inNs(ns)}sysctl -w net.ipv4.conf.${name}.arp_ignore="${arpIgnore ? 1 : 0}"`;
}

function formatTable({ family, name, sets, chains }: Extract<Resource, { kind: "nft-table" }>): string[] {
	const own = `${family} ${name}`;
	return [
		`nft add table ${own}`,
		`nft delete table ${own}`,
		`nft add table ${own}`,
		...sets.map((set) => `nft add set ${own} ${set.name} { type ${set.type.join(" . ")}; }`),
		...chains.map((chain) => `nft add chain ${own} ${chain.name}${formatHook(chain)}`),
		...chains.flatMap((chain) => chain.rules.map((rule) => `nft add rule ${own} ${chain.name} ${formatRule(rule)}`)),
	];
}

function formatHook({ hook }: NftChain): string {
	if (hook === undefined) return "";
	return ` { type ${hook.type} hook ${hook.hook} priority ${hook.priority}; policy ${hook.policy}; }`;
}

/** @returns A rule as nft takes it. */
export function formatRule(rule: NftRule): string {
	return rule.statements.map(formatStatement).join(" ");
}

function formatStatement(s: NftStatement): string {
	if ("verdict" in s) return s.verdict;
	if ("jump" in s) return `jump ${s.jump}`;
	if ("masquerade" in s) return "masquerade";
	const not = s.op === "!=" ? "!= " : "";
	if ("set" in s) return `${s.fields.join(" . ")} ${not}@${s.set}`;
	return `${s.field} ${not}${/ifname$|ibrname$/.test(s.field) ? `"${s.value}"` : s.value}`;
}

function formatElement(element: readonly string[]): string {
	return element.join(" . ");
}
