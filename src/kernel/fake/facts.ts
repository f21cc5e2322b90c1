import type { Ipv4 } from "../../model/address.ts";
import { type Cidr, networkOf, type Prefix, parseCidr } from "../../model/prefix.ts";
import type { HostFacts } from "../kernel.ts";
import { type FakeChain, type FakeDev, type FakeNs, makeDev } from "./state.ts";

/** An interface of the host to the world. */
export interface UnderlayLink {
	readonly name: string;
	readonly address: Cidr;
	readonly mtuBytes: number;
	/** The default gateway, when it is behind this link. */
	readonly via?: Ipv4;
}

/** A chain of another program. */
export type ForeignChain = Omit<FakeChain, "rules">;

export function addUnderlay(ns: FakeNs, { name, address, mtuBytes, via }: UnderlayLink): void {
	ns.devs.delete(name);
	const dev = makeDev(ns, name, { type: "underlay", up: true, mtuBytes, alias: "" });
	dev.addrs.set(address, { kind: "addr", ns: ns.ref, dev: name, address });
	if (via !== undefined) dev.gateway = via;
}

export function factsOf(ns: FakeNs): HostFacts {
	const devs = [...ns.devs.values()];
	return {
		links: devs.map((dev) => ({
			name: dev.name,
			mtuBytes: dev.mtuBytes,
			up: dev.up,
			addresses: cidrsOf(dev).map(({ address }) => address),
		})),
		routes: [...devs.filter((dev) => dev.up).flatMap(routesOf), ...[...ns.routes.values()].map(toFact)],
		forwardFilters: [...ns.foreignChains.values()]
			.filter((chain) => chain.dropsForwarded)
			.map(({ family, table, chain, owned }) => ({ family, table, chain, owned })),
	};
}

function cidrsOf(dev: FakeDev): { address: Ipv4; bits: number }[] {
	return [...dev.addrs.keys()].flatMap((address) => parseCidr(address) ?? []);
}

/** The kernel's connected routes, and the default one. */
function routesOf(dev: FakeDev): HostFacts["routes"] {
	const connected = cidrsOf(dev).map(({ address, bits }) => ({ dst: networkOf(address, bits), dev: dev.name }));
	return dev.gateway === undefined
		? connected
		: [...connected, { dst: "0.0.0.0/0" as Prefix, dev: dev.name, via: dev.gateway }];
}

function toFact({ dst, dev, via }: { dst: Prefix; dev: string; via?: Ipv4 }): HostFacts["routes"][number] {
	return via === undefined ? { dst, dev } : { dst, dev, via };
}
