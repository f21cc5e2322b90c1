import type { Mac } from "../../model/address.ts";
import { type Link, type NetnsRef, nsOf, type PortFlags, type VethLink } from "../../model/kernel-state.ts";
import { sysctlDevice } from "../../plan/rank.ts";
import {
	devNamed,
	disableIp,
	type FakeDev,
	type FakeHost,
	type FakeNs,
	makeDev,
	makeNs,
	nsNamed,
	refusal,
} from "./state.ts";

/** Ports of one bridge (BR_MAX_PORTS, net/bridge/br_private.h). */
const maxPorts = 1023;
/** IFNAMSIZ less the NUL. */
const maxNameLength = 15;

/** Idempotent. */
export function addNetns(host: FakeHost, ref: NetnsRef): void {
	if (!host.namespaces.has(ref)) makeNs(host, ref);
}

/** Takes along its devices, and the other ends of its pairs wherever they are. What is gone already succeeds. */
export function delNetns(host: FakeHost, ref: NetnsRef): void {
	const ns = host.namespaces.get(ref);
	if (ns === undefined) return;
	for (const dev of [...ns.devs.values()]) removeDev(host, dev);
	host.namespaces.delete(ref);
}

/** @throws {Errno} ENODEV, EOPNOTSUPP, EXFULL (the master), EEXIST (a name, a VNI), EINVAL (a name). @throws {WeftError} NETNS_NOT_FOUND */
export function addLink(host: FakeHost, link: Link): void {
	if (link.type === "loopback") return setLink(host, link);
	const ns = nsNamed(host, link.ns);
	const master = link.master === undefined ? undefined : devNamed(ns, link.master, "RTM_NEWLINK");
	const peerNs = link.type === "veth" ? nsNamed(host, link.peer.ns) : undefined;
	checkFree(ns, link.name);
	if (link.type === "veth" && peerNs !== undefined) checkFree(peerNs, link.peer.name);
	if (link.type === "vxlan" && host.vnis.has(vniKey(link))) throw refusal("RTM_NEWLINK", "EEXIST");
	checkMaster(master);
	const dev = makeDev(ns, link.name, { ...link, up: false });
	if (link.type === "vxlan") host.vnis.add(vniKey(link));
	if (link.type === "veth" && peerNs !== undefined) addPeer(dev, peerNs, link.peer);
	enslave(dev, master, link.port);
	dev.up = link.up;
}

function vniKey({ vni, dstPort }: { readonly vni: number; readonly dstPort: number }): string {
	return `${vni} ${dstPort}`;
}

function checkFree(ns: FakeNs, name: string): void {
	if (name.length === 0 || name.length > maxNameLength || /[/\s]/.test(name)) throw refusal("RTM_NEWLINK", "EINVAL");
	if (ns.devs.has(name)) throw refusal("RTM_NEWLINK", "EEXIST");
}

function addPeer(dev: FakeDev, ns: FakeNs, { name, mac, mtuBytes, up, arpIgnore }: VethLink["peer"]): void {
	const peer = makeDev(ns, name, { type: "peer", up, mtuBytes, alias: "", mac });
	peer.arpIgnore = arpIgnore;
	peer.other = dev;
	dev.other = peer;
}

function enslave(dev: FakeDev, master: FakeDev | undefined, port: PortFlags | undefined): void {
	if (dev.master !== master) {
		release(dev);
		if (master !== undefined) dev.master = master;
	}
	if (master !== undefined && port !== undefined) dev.port = port;
}

/** A master must be a bridge with room for one more port. */
function checkMaster(master: FakeDev | undefined): void {
	if (master === undefined) return;
	if (master.type !== "bridge") throw refusal("RTM_NEWLINK", "EOPNOTSUPP");
	if (portsOf(master).length >= maxPorts) throw refusal("RTM_NEWLINK", "EXFULL");
}

/** A device that is no port any more loses its flags, and the bridge's entries for it. */
function release(dev: FakeDev): void {
	delete dev.master;
	delete dev.port;
	for (const mac of dev.masterFdb.keys()) dev.ns.bridgeFdb.delete(mac);
	dev.masterFdb.clear();
}

function portsOf(bridge: FakeDev): FakeDev[] {
	return [...bridge.ns.devs.values()].filter((dev) => dev.master === bridge);
}

/** Changes what can be changed in place. @throws {Errno} ENODEV, EOPNOTSUPP, EXFULL, ENOENT (the namespace) */
export function setLink(host: FakeHost, link: Link): void {
	const ns = nsNamed(host, link.ns);
	const dev = devNamed(ns, link.name, "RTM_SETLINK");
	if (link.type !== "loopback") {
		const master = link.master === undefined ? undefined : devNamed(ns, link.master, "RTM_SETLINK");
		if (dev.master !== master) checkMaster(master);
		dev.mtuBytes = link.mtuBytes;
		dev.alias = link.alias;
		if (link.type === "bridge") setMac(dev, link.mac);
		enslave(dev, master, link.port);
	}
	setUp(dev, link.up);
	if (link.type !== "veth" || dev.other === undefined) return;
	setMac(dev.other, link.peer.mac);
	dev.other.mtuBytes = link.peer.mtuBytes;
	dev.other.arpIgnore = link.peer.arpIgnore;
	setUp(dev.other, link.peer.up);
}

/** What was resolved under another address is forgotten, `permanent` or not (arp_netdev_event() in net/ipv4/arp.c). */
function setMac(dev: FakeDev, mac: Mac): void {
	if (dev.mac !== mac) dev.neighs.clear();
	dev.mac = mac;
}

/** A device that goes down loses its neighbours and routes, and keeps its addresses and forwarding entries. */
function setUp(dev: FakeDev, up: boolean): void {
	if (dev.up && !up) disableIp(dev);
	dev.up = up;
}

/** What is gone already, or never was, succeeds. */
export function delLink(host: FakeHost, link: Link): void {
	const dev = host.namespaces.get(nsOf(link))?.devs.get(link.name);
	if (dev !== undefined && dev.type !== "loopback") removeDev(host, dev);
}

function removeDev(host: FakeHost, dev: FakeDev): void {
	if (!dev.ns.devs.delete(dev.name)) return;
	if (dev.type === "bridge") for (const port of portsOf(dev)) release(port);
	release(dev);
	disableIp(dev);
	for (const key of dev.ns.sysctls.keys()) if (sysctlDevice(key) === dev.name) dev.ns.sysctls.delete(key);
	if (dev.vxlan !== undefined) host.vnis.delete(vniKey(dev.vxlan));
	if (dev.other !== undefined) removeDev(host, dev.other);
}
