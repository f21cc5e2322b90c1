import { macOf } from "../model/address.ts";
import type { Sandbox } from "../model/endpoint.ts";
import { hostNetns, type PortFlags, type Resource } from "../model/kernel-state.ts";
import { cidrIn, prefix } from "../model/prefix.ts";
import { gatewayBridge } from "./forward.ts";
import { type GatewayPool, guardedPort } from "./gateway.ts";
import { guardElement } from "./guard.ts";

const gatewayPort: PortFlags = {
	locked: true,
	learning: false,
	flood: false,
	mcastFlood: false,
	bcastFlood: true,
	isolated: true,
};

/**
 * @param pool Of its way out; absent when it has none.
 * @returns What a sandbox needs whatever networks it is in: its namespace, lo, and its way out.
 */
export function compileSandbox(sandbox: Sandbox, pool: GatewayPool | undefined): Resource[] {
	const ns = sandbox.netns;
	return [
		...(sandbox.owned ? ownNamespace(sandbox) : []),
		// The name server stands on it; `ip netns add` leaves it down.
		{ kind: "link", ns, name: "lo", type: "loopback", up: true },
		...(sandbox.gateway === undefined || pool === undefined ? [] : wayOut(sandbox, sandbox.gateway, pool)),
	];
}

function ownNamespace({ netns: ns }: Sandbox): Resource[] {
	return [
		{ kind: "netns", name: ns },
		{ kind: "sysctl", ns, key: "net.ipv4.ip_forward", value: "0" },
		// The networks carry IPv4: an interface that speaks IPv6 of its own would only be refused by the address guard.
		{ kind: "sysctl", ns, key: "net.ipv6.conf.default.disable_ipv6", value: "1" },
		// As in Docker's containers: any user may serve on a low port, and ping.
		{ kind: "sysctl", ns, key: "net.ipv4.ip_unprivileged_port_start", value: "0" },
		{ kind: "sysctl", ns, key: "net.ipv4.ping_group_range", value: "0 2147483647" },
	];
}

/** The host's end of a sandbox's pair on the gateway bridge: within the 15 characters of an interface name. */
export function gatewayPortName(sandbox: Sandbox): string {
	return `wgw${sandbox.id.slice(0, 12)}`;
}

function wayOut(sandbox: Sandbox, { address, ifname }: NonNullable<Sandbox["gateway"]>, pool: GatewayPool): Resource[] {
	const name = gatewayPortName(sandbox);
	const mac = macOf(address);
	const { mtuBytes } = pool;
	return [
		guardElement(hostNetns, name, address),
		guardedPort(name),
		{
			kind: "link",
			ns: hostNetns,
			name,
			type: "veth",
			up: true,
			mtuBytes,
			alias: `weft ${sandbox.name}`,
			master: gatewayBridge,
			port: gatewayPort,
			peer: { ns: sandbox.netns, name: ifname, mac, mtuBytes, up: true, arpIgnore: true },
		},
		{ kind: "fdb", ns: hostNetns, dev: name, mac },
		// Permanent, so that no forged ARP moves it.
		{ kind: "neigh", ns: hostNetns, dev: gatewayBridge, address, mac },
		{ kind: "addr", ns: sandbox.netns, dev: ifname, address: cidrIn(address, pool.subnet) },
		{ kind: "route", ns: sandbox.netns, dst: prefix("0.0.0.0/0"), via: pool.gateway, dev: ifname },
	];
}
