import { type Ipv4, ipv4FromNumber } from "../model/address.ts";
import { WeftError } from "../model/error.ts";
import { spanOf } from "../model/prefix.ts";
import { checkHostAddress, type Pool } from "./pool.ts";

/** An address just released rests this long: others' ARP caches and connections may still mean its former holder. */
export const quarantineMs = 60_000;

/**
 * Picks the lowest free address.
 * @param used     Held addresses.
 * @param released Addresses that nobody holds, with the time of their release (ms since 1970).
 * @returns Never the network, gateway, broadcast or an auxiliary address. One that was released less than {@link quarantineMs}
 *   ago only when nothing else is free; then the one that has rested longest.
 * @throws {WeftError} POOL_EXHAUSTED
 */
export function allocateAddress(
	pool: Pool,
	used: ReadonlySet<Ipv4>,
	released: ReadonlyMap<Ipv4, number>,
	nowMs: number,
): Ipv4 {
	const reserved = new Set<Ipv4>([pool.gateway, ...Object.values(pool.auxAddresses)]);
	let resting: { address: Ipv4; since: number } | undefined;
	const { from, to } = bounds(pool);
	for (let value = from; value <= to; value++) {
		const address = ipv4FromNumber(value);
		if (used.has(address) || reserved.has(address)) continue;
		const since = released.get(address);
		// A clock that jumped back must not make an address rest for ever.
		if (since === undefined || Math.abs(nowMs - since) >= quarantineMs) return address;
		if (resting === undefined || since < resting.since) resting = { address, since };
	}
	if (resting !== undefined) return resting.address;
	const range = pool.ipRange ?? pool.subnet;
	throw new WeftError(
		"POOL_EXHAUSTED",
		`Cannot give out an address: all ${Math.max(0, to - from + 1)} of ${range} are in use or reserved`,
		{
			fix: "weft network create --subnet with a larger one, and connect to that",
		},
	);
}

/** @returns The span of automatic addresses, without the subnet's network and broadcast address. */
function bounds({ subnet, ipRange }: Pool): { from: number; to: number } {
	const whole = spanOf(subnet);
	const range = spanOf(ipRange ?? subnet);
	return { from: Math.max(range.first, whole.first + 1), to: Math.min(range.last, whole.last - 1) };
}

/**
 * Checks a fixed address, as typed. It may lie outside the range of automatic ones, and need not have rested.
 * @throws {WeftError} ADDRESS_INVALID, ADDRESS_OUTSIDE_SUBNET, ADDRESS_RESERVED, ADDRESS_IN_USE
 */
export function checkAddress(pool: Pool, text: string, used: ReadonlySet<Ipv4>): Ipv4 {
	const address = checkHostAddress(text, pool.subnet, "ip");
	const fix = "choose another, or omit --ip";
	if (address === pool.gateway)
		throw new WeftError("ADDRESS_RESERVED", `Cannot use --ip ${text}: it is the gateway of ${pool.subnet}`, { fix });
	const aux = Object.entries(pool.auxAddresses).find(([, reserved]) => reserved === address)?.[0];
	if (aux !== undefined)
		throw new WeftError("ADDRESS_RESERVED", `Cannot use --ip ${text}: it is reserved as "${aux}"`, { fix });
	if (used.has(address))
		throw new WeftError("ADDRESS_IN_USE", `Cannot use --ip ${text}: another container has it`, { fix });
	return address;
}
