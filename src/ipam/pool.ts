import { type Ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4 } from "../model/address.ts";
import { WeftError } from "../model/error.ts";
import {
	networkOf,
	type Prefix,
	parseCidr,
	parsePrefix,
	prefix,
	prefixContains,
	prefixesOverlap,
	spanOf,
} from "../model/prefix.ts";

/** What a person asks of a network's addresses, as typed. */
export interface PoolRequest {
	readonly subnet?: string;
	readonly ipRange?: string;
	readonly gateway?: string;
	readonly auxAddresses?: Readonly<Record<string, string>>;
}

/** The addresses of a network. */
export interface Pool {
	readonly subnet: Prefix;
	/** Automatic addresses come from here; the whole subnet when omitted. */
	readonly ipRange?: Prefix;
	readonly gateway: Ipv4;
	readonly auxAddresses: Readonly<Record<string, Ipv4>>;
}

/** A prefix that a member host sends elsewhere. */
export interface HostRoute {
	readonly host: string;
	readonly route: Prefix;
}

/** A network, its gateway, one container and the broadcast address need four addresses. */
const longestSubnetBits = 30;

/**
 * Checks what was asked and chooses what was not.
 * @param taken The subnets of the networks there are: an automatic one keeps clear of them; an explicit one may overlap them.
 * @throws {WeftError} SUBNET_INVALID, SUBNET_OVERLAPS, ADDRESS_INVALID, ADDRESS_OUTSIDE_SUBNET, POOL_EXHAUSTED
 */
export function planPool(request: PoolRequest, taken: Iterable<Prefix>, hostRoutes: Iterable<HostRoute>): Pool {
	const routes = [...hostRoutes];
	const subnet =
		request.subnet === undefined
			? automaticSubnet(request, taken, routes)
			: clearOfRoutes(checkSubnet(request.subnet, "subnet"), routes);
	const ipRange = request.ipRange === undefined ? undefined : checkRange(request.ipRange, subnet);
	const gateway =
		request.gateway === undefined
			? ipv4FromNumber(spanOf(subnet).first + 1)
			: checkHostAddress(request.gateway, subnet, "gateway");
	return {
		subnet,
		...(ipRange === undefined ? {} : { ipRange }),
		gateway,
		auxAddresses: checkAux(request.auxAddresses ?? {}, subnet, gateway),
	};
}

function automaticSubnet(request: PoolRequest, taken: Iterable<Prefix>, routes: readonly HostRoute[]): Prefix {
	const needy = (["ipRange", "gateway"] as const).find((key) => request[key] !== undefined);
	if (needy !== undefined || Object.keys(request.auxAddresses ?? {}).length > 0) {
		const what = needy === undefined ? "aux-address" : needy === "ipRange" ? "ip-range" : needy;
		throw new WeftError(
			"SUBNET_INVALID",
			`Cannot use --${what} without --subnet: it has to lie in a subnet that you choose`,
			{
				fix: `add --subnet, such as --subnet 10.32.0.0/24`,
			},
		);
	}
	return allocateSubnet(
		taken,
		routes.map(({ route }) => route),
	);
}

/** @returns The first of 10.0.0.0/24, 10.0.1.0/24 … 10.255.255.0/24 that overlaps nothing. @throws {WeftError} POOL_EXHAUSTED */
export function allocateSubnet(taken: Iterable<Prefix>, hostRoutes: Iterable<Prefix>): Prefix {
	// The default route leads everywhere, and so says nothing.
	const spans = [...taken, ...[...hostRoutes].filter((route) => route !== "0.0.0.0/0")]
		.map(spanOf)
		.sort((a, b) => a.first - b.first);
	const end = 11 * 2 ** 24;
	let first = 10 * 2 ** 24;
	for (const span of spans) {
		if (span.first > first + 255) break;
		if (span.last >= first) first = Math.ceil((span.last + 1) / 256) * 256;
	}
	if (first < end) return prefix(`${ipv4FromNumber(first)}/24`);
	throw new WeftError(
		"POOL_EXHAUSTED",
		"Cannot choose a subnet: all of 10.0.0.0/8 is taken by networks and by routes of the hosts",
		{
			fix: "weft network create --subnet 172.20.0.0/24 NAME, or weft network prune",
		},
	);
}

function checkSubnet(text: string, flag: string): Prefix {
	const cidr = parseCidr(text);
	if (cidr === undefined) {
		throw new WeftError("SUBNET_INVALID", `Cannot use --${flag} ${text}: it is not an IPv4 prefix`, {
			fix: `--${flag} 10.32.0.0/24`,
		});
	}
	if (parsePrefix(text) === undefined) {
		throw new WeftError("SUBNET_INVALID", `Cannot use --${flag} ${text}: it has host bits set`, {
			fix: `--${flag} ${networkOf(cidr.address, cidr.bits)}`,
		});
	}
	if (flag === "subnet" && (cidr.bits > longestSubnetBits || cidr.bits < 8)) {
		throw new WeftError(
			"SUBNET_INVALID",
			`Cannot use --subnet ${text}: its length is /${cidr.bits}, wanted /8 to /${longestSubnetBits}`,
			{
				fix: `--subnet ${networkOf(cidr.address, 24)}`,
			},
		);
	}
	return text as Prefix;
}

function clearOfRoutes(subnet: Prefix, routes: readonly HostRoute[]): Prefix {
	const clash = routes.find(({ route }) => route !== "0.0.0.0/0" && prefixesOverlap(route, subnet));
	if (clash === undefined) return subnet;
	throw new WeftError("SUBNET_OVERLAPS", `Cannot use --subnet ${subnet}: ${clash.host} has a route to ${clash.route}`, {
		fix: "choose a subnet that no host routes to, or omit --subnet",
	});
}

function checkRange(text: string, subnet: Prefix): Prefix {
	const range = checkSubnet(text, "ip-range");
	const [inner, outer] = [spanOf(range), spanOf(subnet)];
	if (inner.first >= outer.first && inner.last <= outer.last) return range;
	throw new WeftError(
		"ADDRESS_OUTSIDE_SUBNET",
		`Cannot use --ip-range ${text}: it is not within the subnet ${subnet}`,
		{
			fix: `choose a part of ${subnet}`,
		},
	);
}

function checkAux(aux: Readonly<Record<string, string>>, subnet: Prefix, gateway: Ipv4): Record<string, Ipv4> {
	const taken = new Map<Ipv4, string>([[gateway, "the gateway"]]);
	const checked: Record<string, Ipv4> = {};
	for (const [name, text] of Object.entries(aux)) {
		const address = checkHostAddress(text, subnet, "aux-address");
		const holder = taken.get(address);
		if (holder !== undefined) {
			throw new WeftError("ADDRESS_IN_USE", `Cannot use --aux-address ${name}=${text}: it is ${holder}`, {
				fix: `choose another address of ${subnet}`,
			});
		}
		taken.set(address, `--aux-address ${name}`);
		checked[name] = address;
	}
	return checked;
}

/** @throws {WeftError} ADDRESS_INVALID, ADDRESS_OUTSIDE_SUBNET, ADDRESS_RESERVED */
export function checkHostAddress(text: string, subnet: Prefix, flag: string): Ipv4 {
	const address = parseIpv4(text);
	const fix = `choose an address of ${subnet}`;
	if (address === undefined)
		throw new WeftError("ADDRESS_INVALID", `Cannot use --${flag} ${text}: it is not an IPv4 address`, { fix });
	if (!prefixContains(subnet, address))
		throw new WeftError("ADDRESS_OUTSIDE_SUBNET", `Cannot use --${flag} ${text}: it is outside the subnet ${subnet}`, {
			fix,
		});
	const { first, last } = spanOf(subnet);
	const value = ipv4ToNumber(address);
	if (value === first || value === last) {
		const which = value === first ? "network" : "broadcast";
		throw new WeftError("ADDRESS_RESERVED", `Cannot use --${flag} ${text}: it is the ${which} address of ${subnet}`, {
			fix,
		});
	}
	return address;
}
