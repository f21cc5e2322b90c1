import { hostNetns, type Link, type Resource } from "../../model/kernel-state.ts";
import type { ObserveScope } from "../kernel.ts";
import type { FakeDev, FakeHost, FakeNs } from "./state.ts";
import { readSysctl } from "./sysctl.ts";

/** @returns What weft holds in one namespace, as `Kernel.observe` says; nothing when it does not exist. */
export function* observeFake(host: FakeHost, { ns: ref, role, sysctls }: ObserveScope): Generator<Resource> {
	const ns = host.namespaces.get(ref);
	if (ns === undefined) return;
	if (role !== "host" && isOwn(ref)) yield { kind: "netns", name: ref };
	for (const key of sysctls) {
		const value = readSysctl(ns, key);
		if (value !== undefined) yield { kind: "sysctl", ns: ref, key, value };
	}
	if (role === "sandbox") yield* observeSandbox(ns);
	else yield* observeDevices(role === "overlay" ? [...ns.devs.values()] : ownDevices(ns));
	if (role !== "sandbox") yield* observeNft(ns);
}

/** Below /run/netns: made by weft, as far as this fake knows. */
export function isOwn(ref: string): boolean {
	return ref !== hostNetns && !ref.startsWith("/");
}

/** In the host's namespace much belongs to others. */
function ownDevices(ns: FakeNs): FakeDev[] {
	return [...ns.devs.values()].filter((dev) => isWeft(dev) || (dev.master !== undefined && isWeft(dev.master)));
}

function isWeft(dev: FakeDev): boolean {
	return dev.alias.startsWith("weft");
}

function* observeSandbox(ns: FakeNs): Generator<Resource> {
	for (const dev of ns.devs.values()) {
		if (dev.type === "loopback") yield linkOf(dev);
		else if (dev.type === "peer") yield* dev.addrs.values();
	}
	yield* ns.routes.values();
}

function* observeDevices(devs: readonly FakeDev[]): Generator<Resource> {
	for (const dev of devs) {
		if (dev.type !== "peer" && dev.type !== "underlay") yield linkOf(dev);
		yield* dev.addrs.values();
		yield* dev.neighs.values();
		yield* dev.fdb.values();
		yield* dev.masterFdb.values();
	}
}

function* observeNft(ns: FakeNs): Generator<Resource> {
	for (const { table, elements } of ns.tables.values()) {
		yield table;
		yield* elements.values();
	}
	for (const chain of ns.foreignChains.values()) yield* chain.rules.values();
}

function linkOf(dev: FakeDev): Link {
	const { name, up, mtuBytes, alias, other, vxlan, mac } = dev;
	const ns = dev.ns.ref;
	if (dev.type === "loopback") return { kind: "link", ns, name: "lo", type: "loopback", up };
	const base = {
		kind: "link" as const,
		ns,
		name,
		up,
		mtuBytes,
		alias,
		...(dev.master === undefined ? {} : { master: dev.master.name }),
		...(dev.port === undefined ? {} : { port: dev.port }),
	};
	if (dev.type === "vxlan" && vxlan !== undefined) return { ...base, type: "vxlan", ...vxlan };
	if (dev.type === "bridge" && mac !== undefined) return { ...base, type: "bridge", mac };
	if (dev.type === "veth" && other?.mac !== undefined) {
		const { name, mac, mtuBytes, up, arpIgnore = false } = other;
		const peer = { ns: other.ns.ref, name, mac, mtuBytes, up, arpIgnore };
		return { ...base, type: "veth", peer };
	}
	throw new TypeError(`Cannot read ${dev.type} ${name} as a link of weft`);
}
