import { type Ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4 } from "../model/address.ts";
import { WeftError } from "../model/error.ts";
import {
	networkOf,
	type Prefix,
	parseCidr,
	prefix,
	prefixContains,
	prefixesOverlap,
	type Span,
	spanOf,
} from "../model/prefix.ts";

/** A gateway and one container need two host addresses. */
const longestPrefixBits = 30;

/** Where no host can have its address. */
const unusable: readonly { readonly span: Prefix; readonly reason: string }[] = [
	{ span: prefix("0.0.0.0/8"), reason: 'is "this network" (RFC 1122)' },
	{ span: prefix("127.0.0.0/8"), reason: "is every host's own loopback" },
	{ span: prefix("224.0.0.0/4"), reason: "is for multicast" },
	{ span: prefix("240.0.0.0/4"), reason: "is reserved (RFC 1112)" },
];

/** @returns The subnet in network form. @throws {WeftError} SUBNET_INVALID */
export function checkSubnet(text: string): Prefix {
	const subnet = checkPrefix("subnet", text);
	const { bits } = spanOf(subnet);
	if (bits > longestPrefixBits) {
		throw new WeftError(
			"SUBNET_INVALID",
			`Cannot use subnet ${subnet}: a /${bits} has no room for a gateway and a container, /${longestPrefixBits} or shorter is needed`,
			{ fix: "--subnet 10.0.0.0/24" },
		);
	}
	const clash = unusable.find(({ span }) => prefixesOverlap(span, subnet));
	if (clash !== undefined) {
		throw new WeftError("SUBNET_INVALID", `Cannot use subnet ${subnet}: ${clash.span} ${clash.reason}`, {
			fix: "--subnet 10.0.0.0/24, or leave it out and weft chooses one",
		});
	}
	return subnet;
}

/**
 * @param pool The rest of the pool, checked before.
 * @returns The range in network form; it holds an address that can be handed out.
 * @throws {WeftError} SUBNET_INVALID, ADDRESS_OUTSIDE_SUBNET
 */
export function checkRange(pool: { subnet: Prefix; gateway: Ipv4; auxAddresses: object }, text: string): Prefix {
	const { subnet, gateway } = pool;
	const range = checkPrefix("IP range", text);
	const outer = spanOf(subnet);
	const inner = spanOf(range);
	if (inner.first < outer.first || inner.last > outer.last) {
		throw new WeftError(
			"ADDRESS_OUTSIDE_SUBNET",
			`Cannot use IP range ${range}: it is not inside the subnet ${subnet}`,
			{
				fix: `--ip-range ${subnet}, or a part of it`,
			},
		);
	}
	const kept = new Set<number>(reservedIn(subnet, gateway, pool.auxAddresses).map(([value]) => value));
	const keptInside = [...kept].filter((value) => value >= inner.first && value <= inner.last).length;
	if (keptInside > inner.last - inner.first) {
		throw new WeftError(
			"SUBNET_INVALID",
			`Cannot use IP range ${range}: its addresses are all reserved (network, gateway, auxiliary or broadcast), one free is needed`,
			{ fix: `--ip-range ${subnet}, or a larger part of it` },
		);
	}
	return range;
}

/**
 * @param what How a message calls it: "gateway".
 * @throws {WeftError} ADDRESS_INVALID (no address; the network's or the broadcast address), ADDRESS_OUTSIDE_SUBNET
 */
export function checkHostAddress(subnet: Prefix, what: string, text: string): Ipv4 {
	const address = checkInside(subnet, what, text);
	const role = edgeRole(spanOf(subnet), address);
	if (role === undefined) return address;
	throw new WeftError("ADDRESS_INVALID", `Cannot use ${address} as ${what}: it is the ${role} address of ${subnet}`, {
		fix: `choose one of ${hostRange(subnet)}`,
	});
}

/** @throws {WeftError} ADDRESS_INVALID, ADDRESS_OUTSIDE_SUBNET */
export function checkInside(subnet: Prefix, what: string, text: string): Ipv4 {
	const address = parseIpv4(text);
	if (address === undefined) {
		throw new WeftError("ADDRESS_INVALID", `Cannot use "${text}" as ${what}: it is not an IPv4 address`, {
			fix: `choose one of ${hostRange(subnet)}`,
		});
	}
	if (!prefixContains(subnet, address)) {
		throw new WeftError(
			"ADDRESS_OUTSIDE_SUBNET",
			`Cannot use ${address} as ${what}: it is not in the subnet ${subnet}`,
			{
				fix: `choose one of ${hostRange(subnet)}`,
			},
		);
	}
	return address;
}

/** @returns Numbers of the addresses that are never handed out, each with what it is for. */
export function reservedIn(subnet: Prefix, gateway: Ipv4, auxAddresses: object): [number, string][] {
	const { first, last } = spanOf(subnet);
	return [
		[first, "the network address"],
		[last, "the broadcast address"],
		[ipv4ToNumber(gateway), "the gateway"],
		...Object.entries(auxAddresses).map(([name, address]): [number, string] => [
			ipv4ToNumber(address as Ipv4),
			`auxiliary address "${name}"`,
		]),
	];
}

/** @returns "10.0.0.1 to 10.0.0.254". */
export function hostRange(subnet: Prefix): string {
	const { first, last } = spanOf(subnet);
	return `${ipv4FromNumber(first + 1)} to ${ipv4FromNumber(last - 1)}`;
}

function edgeRole({ first, last }: Span, address: Ipv4): string | undefined {
	const value = ipv4ToNumber(address);
	if (value === first) return "network";
	return value === last ? "broadcast" : undefined;
}

function checkPrefix(what: string, text: string): Prefix {
	const cidr = parseCidr(text);
	if (cidr === undefined) {
		const address = parseIpv4(text);
		throw new WeftError(
			"SUBNET_INVALID",
			`Cannot use "${text}" as ${what}: it is not an IPv4 prefix like 10.0.0.0/24`,
			{
				fix: address === undefined ? "write address/length, such as 10.0.0.0/24" : `write ${networkOf(address, 24)}`,
			},
		);
	}
	const network = networkOf(cidr.address, cidr.bits);
	if (network !== text) {
		throw new WeftError(
			"SUBNET_INVALID",
			`Cannot use ${text} as ${what}: ${cidr.address} is an address inside the network, not its first one`,
			{ fix: `write ${network}` },
		);
	}
	return network;
}
