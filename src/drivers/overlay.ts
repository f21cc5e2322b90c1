import { macOf } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { PortFlags, Resource } from "../model/kernel-state.ts";
import { type Network, overlayNetns } from "../model/network.ts";
import { cidrIn } from "../model/prefix.ts";
import type { Driver, DriverContext, LocalPort } from "./driver.ts";
import { guardElement, guardTable } from "./guard.ts";

/** IANA's port for VXLAN (RFC 7348, section 5). */
export const vxlanPort = 4789;

/** Outer Ethernet, IPv4, UDP and VXLAN headers (RFC 7348, section 5). */
export const vxlanOverheadBytes = 50;

/** A container's port: frames from its own MAC only, nothing learnt, no unknown unicast sent to it. */
const containerPort: PortFlags = {
	locked: true,
	learning: false,
	flood: false,
	mcastFlood: true,
	bcastFlood: true,
	isolated: false,
};

/** vxlan1's port: broadcasts must reach it, because an ARP request is answered there, by `proxy`; nothing else is flooded. */
const vxlanBridgePort: PortFlags = containerPort;

/** The classic overlay: a namespace per network with br0, vxlan1 and one veth per local endpoint. */
export const overlay: Driver = {
	name: "overlay",

	compileNetwork(network, { mtuBytes }): Resource[] {
		const ns = overlayNetns(network.id);
		const alias = `weft ${network.name}`;
		return [
			{ kind: "netns", name: ns },
			// The namespace joins links; it must never route between them.
			{ kind: "sysctl", ns, key: "net.ipv4.ip_forward", value: "0" },
			guardTable(ns, { statements: [{ field: "iifname", op: "==", value: "vxlan1" }, { verdict: "accept" }] }),
			{ kind: "link", ns, name: "br0", type: "bridge", up: true, mtuBytes, alias, mac: macOf(network.gateway) },
			{
				kind: "link",
				ns,
				name: "vxlan1",
				type: "vxlan",
				up: true,
				mtuBytes,
				alias,
				master: "br0",
				port: vxlanBridgePort,
				vni: network.vni,
				dstPort: vxlanPort,
			},
			{ kind: "addr", ns, dev: "br0", address: cidrIn(network.gateway, network.subnet) },
		];
	},

	compileEndpoint(network, endpoint, context): Resource[] {
		if (endpoint.hostId !== context.hostId) return remoteEndpoint(network, endpoint, context);
		const local = context.localOf(endpoint);
		return local === undefined ? [] : localEndpoint(network, endpoint, local, context.mtuBytes);
	},
};

function remoteEndpoint(network: Network, endpoint: Endpoint, context: DriverContext): Resource[] {
	const vtep = context.vtepOf(endpoint.hostId);
	if (vtep === undefined) return [];
	const ns = overlayNetns(network.id);
	return [
		{ kind: "fdb", ns, dev: "vxlan1", mac: endpoint.mac, dst: vtep },
		{ kind: "fdb", ns, dev: "vxlan1", mac: endpoint.mac },
		{ kind: "neigh", ns, dev: "vxlan1", address: endpoint.address, mac: endpoint.mac },
	];
}

function localEndpoint(network: Network, endpoint: Endpoint, local: LocalPort, mtuBytes: number): Resource[] {
	const ns = overlayNetns(network.id);
	const { port, ifname } = local.attachment;
	const name = `veth${port}`;
	return [
		guardElement(ns, name, endpoint.address),
		{
			kind: "link",
			ns,
			name,
			type: "veth",
			up: true,
			mtuBytes,
			alias: `weft ${endpoint.name}`,
			master: "br0",
			port: containerPort,
			peer: { ns: local.netns, name: ifname, mac: endpoint.mac, mtuBytes, up: true, arpIgnore: true },
		},
		{ kind: "fdb", ns, dev: name, mac: endpoint.mac },
		{ kind: "addr", ns: local.netns, dev: ifname, address: cidrIn(endpoint.address, network.subnet) },
	];
}
