import type { Addr, Fdb, Neigh, Route } from "../../model/kernel-state.ts";
import { type Cidr, networkOf, type Prefix, parseCidr, prefixContains } from "../../model/prefix.ts";
import { devNamed, disableIp, type FakeDev, type FakeHost, nsNamed, refusal } from "./state.ts";

/** @throws {Errno} ENOENT (the namespace), ENODEV */
export function replaceAddr(host: FakeHost, addr: Addr): void {
	devNamed(nsNamed(host, addr.ns), addr.dev, "RTM_NEWADDR").addrs.set(addr.address, addr);
}

/**
 * The first address of a subnet takes the later ones along (__inet_del_ifa() in net/ipv4/devinet.c), and the last one of a
 * device all that IPv4 had there (fib_disable_ip() in net/ipv4/fib_frontend.c).
 */
export function delAddr(host: FakeHost, addr: Addr): void {
	const dev = devOf(host, addr);
	if (dev?.addrs.has(addr.address) !== true) return;
	const subnet = subnetOf(addr.address);
	const alike = [...dev.addrs.keys()].filter((address) => subnetOf(address) === subnet);
	for (const address of alike[0] === addr.address ? alike : [addr.address]) dev.addrs.delete(address);
	if (dev.addrs.size === 0) disableIp(dev);
}

function subnetOf(address: Cidr): Prefix | undefined {
	const cidr = parseCidr(address);
	return cidr && networkOf(cidr.address, cidr.bits);
}

/** @throws {Errno} ENOENT (the namespace), ENODEV, ENETDOWN, ENETUNREACH (the gateway is not on a network of `dev`) */
export function replaceRoute(host: FakeHost, route: Route): void {
	const ns = nsNamed(host, route.ns);
	const dev = devNamed(ns, route.dev, "RTM_NEWROUTE");
	if (route.via === undefined && !dev.up) throw refusal("RTM_NEWROUTE", "ENETDOWN");
	if (route.via !== undefined && !reaches(dev, route.via)) throw refusal("RTM_NEWROUTE", "ENETUNREACH");
	ns.routes.set(route.dst, route);
}

/** Over a connected route, which a device that is down has none of, or one without a gateway. */
function reaches(dev: FakeDev, via: NonNullable<Route["via"]>): boolean {
	const connected = dev.up ? [...dev.addrs.keys()].flatMap((address) => subnetOf(address) ?? []) : [];
	const direct = [...dev.ns.routes.values()].filter((route) => route.dev === dev.name && route.via === undefined);
	return [...connected, ...direct.map(({ dst }) => dst)].some((subnet) => prefixContains(subnet, via));
}

/** Only the very route: one that points elsewhere by now stays. */
export function delRoute(host: FakeHost, route: Route): void {
	const routes = host.namespaces.get(route.ns)?.routes;
	const held = routes?.get(route.dst);
	if (held !== undefined && held.dev === route.dev && held.via === route.via) routes?.delete(route.dst);
}

/** @throws {Errno} ENOENT (the namespace), ENODEV */
export function replaceNeigh(host: FakeHost, neigh: Neigh): void {
	devNamed(nsNamed(host, neigh.ns), neigh.dev, "RTM_NEWNEIGH").neighs.set(neigh.address, neigh);
}

export function delNeigh(host: FakeHost, neigh: Neigh): void {
	devOf(host, neigh)?.neighs.delete(neigh.address);
}

/** @throws {Errno} ENOENT (the namespace), ENODEV, EOPNOTSUPP (a device that is no vxlan, or no port of a bridge) */
export function replaceFdb(host: FakeHost, fdb: Fdb): void {
	const dev = devNamed(nsNamed(host, fdb.ns), fdb.dev, "RTM_NEWNEIGH");
	if (fdb.dst === undefined ? dev.master === undefined : dev.type !== "vxlan")
		throw refusal("RTM_NEWNEIGH", "EOPNOTSUPP");
	if (fdb.dst !== undefined) {
		dev.fdb.set(fdb.mac, fdb);
		return;
	}
	dev.ns.bridgeFdb.get(fdb.mac)?.masterFdb.delete(fdb.mac);
	dev.ns.bridgeFdb.set(fdb.mac, dev);
	dev.masterFdb.set(fdb.mac, fdb);
}

/** Only the very entry: one that points elsewhere by now stays. */
export function delFdb(host: FakeHost, fdb: Fdb): void {
	const dev = devOf(host, fdb);
	if (dev === undefined) return;
	if (fdb.dst !== undefined) {
		if (dev.fdb.get(fdb.mac)?.dst === fdb.dst) dev.fdb.delete(fdb.mac);
	} else if (dev.masterFdb.delete(fdb.mac)) dev.ns.bridgeFdb.delete(fdb.mac);
}

function devOf(host: FakeHost, { ns, dev }: { readonly ns: string; readonly dev: string }): FakeDev | undefined {
	return host.namespaces.get(ns)?.devs.get(dev);
}
