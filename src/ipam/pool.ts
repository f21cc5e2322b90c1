import { type Ipv4, ipv4FromNumber } from "../model/address.ts";
import { WeftError } from "../model/error.ts";
import type { Network } from "../model/network.ts";
import { type Prefix, prefixesOverlap, spanOf } from "../model/prefix.ts";
import { checkHostAddress, checkRange, checkSubnet } from "./check.ts";

/** What the addresses of one network come from. */
export type Pool = Pick<Network, "subnet" | "ipRange" | "gateway" | "auxAddresses">;

/** A pool as a person asks for it: texts as typed. */
export interface PoolRequest {
	readonly subnet?: string;
	readonly ipRange?: string;
	readonly gateway?: string;
	/** Addresses by name. */
	readonly auxAddresses?: Readonly<Record<string, string>>;
}

/** A prefix that a member host routes elsewhere. */
export interface HostRoute {
	/** The host's name. */
	readonly host: string;
	readonly route: Prefix;
}

/** Every host has it, and every subnet overlaps it: it says nothing about which addresses are in use. */
const defaultRoute = "0.0.0.0/0";

/** Automatic subnets are the /24 blocks of 10.0.0.0/8. */
const automatic = { first: 10 * 2 ** 24, blocks: 2 ** 16, blockSize: 256 } as const;

/**
 * Completes and checks the pool of a new network.
 * @param taken Subnets of the other networks. An automatic subnet keeps clear of them; one that was asked for may overlap them.
 * @returns The gateway is the first host address that is no auxiliary one, unless it was asked for.
 * @throws {WeftError} SUBNET_INVALID, SUBNET_OVERLAPS, ADDRESS_INVALID, ADDRESS_OUTSIDE_SUBNET, POOL_EXHAUSTED
 */
export function planPool(request: PoolRequest, taken: Iterable<Prefix>, hostRoutes: Iterable<HostRoute>): Pool {
	const routes = [...hostRoutes].filter(({ route }) => route !== defaultRoute);
	if (request.subnet === undefined) {
		refuseWithoutSubnet(request);
		const subnet = allocateSubnet(
			taken,
			routes.map(({ route }) => route),
		);
		return { subnet, gateway: ipv4FromNumber(spanOf(subnet).first + 1), auxAddresses: {} };
	}
	const subnet = checkSubnet(request.subnet);
	refuseRouted(subnet, routes);
	const auxAddresses: Record<string, Ipv4> = Object.fromEntries(
		Object.entries(request.auxAddresses ?? {}).map(([name, text]) => [
			name,
			checkHostAddress(subnet, `auxiliary address "${name}"`, text),
		]),
	);
	const gateway =
		request.gateway === undefined
			? defaultGateway(subnet, auxAddresses)
			: checkHostAddress(subnet, "gateway", request.gateway);
	refuseTwins(gateway, auxAddresses);
	const pool = { subnet, gateway, auxAddresses };
	return request.ipRange === undefined ? pool : { ...pool, ipRange: checkRange(pool, request.ipRange) };
}

/**
 * @param taken Subnets of other networks.
 * @param hostRoutes What any member host routes elsewhere; its default route does not count.
 * @returns The first of 10.0.0.0/24, 10.0.1.0/24 … 10.255.255.0/24 that overlaps none of them.
 * @throws {WeftError} POOL_EXHAUSTED
 */
export function allocateSubnet(taken: Iterable<Prefix>, hostRoutes: Iterable<Prefix>): Prefix {
	const { first, blocks, blockSize } = automatic;
	const occupied = new Uint8Array(blocks);
	for (const prefix of [...taken, ...hostRoutes]) {
		if (prefix === defaultRoute) continue;
		const span = spanOf(prefix);
		const from = Math.max(0, Math.floor((span.first - first) / blockSize));
		const to = Math.min(blocks - 1, Math.floor((span.last - first) / blockSize));
		if (from <= to) occupied.fill(1, from, to + 1);
	}
	const block = occupied.indexOf(0);
	if (block >= 0) return `${ipv4FromNumber(first + block * blockSize)}/24` as Prefix;
	throw new WeftError(
		"POOL_EXHAUSTED",
		"Cannot choose a subnet: networks and routes of the hosts take all of 10.0.0.0/24 to 10.255.255.0/24",
		{ fix: "--subnet with a prefix that no host routes, such as 172.30.0.0/24, or weft network prune" },
	);
}

function refuseWithoutSubnet({ ipRange, gateway, auxAddresses }: PoolRequest): void {
	const given =
		(ipRange !== undefined && `--ip-range ${ipRange}`) ||
		(gateway !== undefined && `--gateway ${gateway}`) ||
		Object.entries(auxAddresses ?? {}).map(([name, text]) => `--aux-address ${name}=${text}`)[0];
	if (!given) return;
	throw new WeftError(
		"SUBNET_INVALID",
		`Cannot use ${given} without a subnet: the subnet that weft chooses is not known before`,
		{
			fix: "add --subnet",
		},
	);
}

function refuseRouted(subnet: Prefix, routes: readonly HostRoute[]): void {
	const hit = routes.find(({ route }) => prefixesOverlap(route, subnet));
	if (hit === undefined) return;
	throw new WeftError(
		"SUBNET_OVERLAPS",
		`Cannot use subnet ${subnet}: it overlaps ${hit.route}, which ${hit.host} routes elsewhere`,
		{ fix: `leave --subnet out and weft chooses one, or remove that route on ${hit.host}` },
	);
}

function defaultGateway(subnet: Prefix, auxAddresses: Readonly<Record<string, Ipv4>>): Ipv4 {
	const { first, last } = spanOf(subnet);
	const aux = new Set(Object.values(auxAddresses));
	for (let value = first + 1; value < last; value++) {
		const address = ipv4FromNumber(value);
		if (!aux.has(address)) return address;
	}
	throw new WeftError(
		"POOL_EXHAUSTED",
		`Cannot choose a gateway in ${subnet}: all ${last - first - 1} of its host addresses are auxiliary addresses`,
		{ fix: "--subnet with a shorter prefix" },
	);
}

function refuseTwins(gateway: Ipv4, auxAddresses: Readonly<Record<string, Ipv4>>): void {
	const holders = new Map([[gateway, "the gateway"]]);
	for (const [name, address] of Object.entries(auxAddresses)) {
		const holder = holders.get(address);
		if (holder !== undefined) {
			throw new WeftError("ADDRESS_INVALID", `Cannot use ${address} as auxiliary address "${name}": it is ${holder}`, {
				fix: "give each its own address",
			});
		}
		holders.set(address, `auxiliary address "${name}"`);
	}
}
