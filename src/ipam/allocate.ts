import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from "../model/address.ts";
import { WeftError } from "../model/error.ts";
import type { ReleasedAddress } from "../model/keys.ts";
import { type Span, spanOf } from "../model/prefix.ts";
import { checkInside, hostRange, reservedIn } from "./check.ts";
import type { Pool } from "./pool.ts";

/** For how long a released address rests: caches of its former holder's name and MAC fade meanwhile. */
export const quarantineMs = 60_000;

/**
 * Picks the lowest free address, or one of those that follow.
 * @param used Addresses of endpoints, any order.
 * @param released Addresses that nobody holds, and somebody held. One that was released less than {@link quarantineMs} ago,
 *   or was taken from a dead host, which may come back, is taken only when nothing else is free: then the one that was released
 *   first. One that was released far in the future was released by a clock that was wrong, and is free.
 * @param skip How many free ones are left out, where there are as many: of hosts that pick at the same time, all but one find the lowest taken.
 * @returns Within the IP range; never the network, broadcast, gateway or an auxiliary address.
 * @throws {WeftError} POOL_EXHAUSTED with the counts
 */
export function allocateAddress(
	pool: Pool,
	used: ReadonlySet<Ipv4>,
	released: ReadonlyMap<Ipv4, ReleasedAddress>,
	nowMs: number,
	skip = 0,
): Ipv4 {
	const span = hostSpan(pool);
	const reserved = reservedIn(pool.subnet, pool.gateway, pool.auxAddresses);
	const size = span.last - span.first + 1;
	// Of n + 1 addresses n taken ones leave one free: the map never needs to be larger, however large the subnet.
	const taken = new Uint8Array(Math.min(size, used.size + released.size + reserved.length + 1 + skip));
	const mark = (value: number) => {
		// A write behind the end of the map, or in front of it, is ignored.
		taken[value - span.first] = 1;
	};
	for (const address of used) mark(ipv4ToNumber(address));
	for (const [value] of reserved) mark(value);
	for (const [address, release] of released) if (rests(release, nowMs)) mark(ipv4ToNumber(address));
	const free = freeIn(taken, skip);
	if (free >= 0) return ipv4FromNumber(span.first + free);

	const kept = new Set(reserved.map(([value]) => value));
	const rested = longestReleased(
		released,
		(address, value) => isIn(span, value) && !used.has(address) && !kept.has(value),
	);
	if (rested !== undefined) return rested;
	throw exhausted(pool, span, used, kept);
}

/** @returns The index of the free one behind `skip` others, or of the last free one; -1 when none is. */
function freeIn(taken: Uint8Array, skip: number): number {
	let found = -1;
	for (let left = skip, at = taken.indexOf(0); at >= 0; at = taken.indexOf(0, at + 1)) {
		found = at;
		if (left-- === 0) break;
	}
	return found;
}

/**
 * Checks a fixed address as a person types it. It may be outside the IP range, and may have been released just now.
 * @throws {WeftError} ADDRESS_INVALID, ADDRESS_OUTSIDE_SUBNET, ADDRESS_RESERVED, ADDRESS_IN_USE
 */
export function checkAddress(pool: Pool, text: string, used: ReadonlySet<Ipv4>): Ipv4 {
	const address = checkInside(pool.subnet, "the container's address", text);
	const value = ipv4ToNumber(address);
	const role = reservedIn(pool.subnet, pool.gateway, pool.auxAddresses).find(([reserved]) => reserved === value)?.[1];
	if (role !== undefined) {
		throw new WeftError("ADDRESS_RESERVED", `Cannot use ${address}: it is ${role} of the subnet ${pool.subnet}`, {
			fix: `choose another one of ${hostRange(pool.subnet)}, or leave --ip out`,
		});
	}
	if (used.has(address)) {
		throw new WeftError("ADDRESS_IN_USE", `Cannot use ${address}: another container has it`, {
			fix: `choose another one of ${hostRange(pool.subnet)}, or leave --ip out`,
		});
	}
	return address;
}

/** Where automatic addresses come from: the IP range without the subnet's first and last address. */
function hostSpan({ subnet, ipRange }: Pool): Span {
	const outer = spanOf(subnet);
	const inner = spanOf(ipRange ?? subnet);
	return {
		first: Math.max(inner.first, outer.first + 1),
		last: Math.min(inner.last, outer.last - 1),
		bits: inner.bits,
	};
}

function isIn({ first, last }: Span, value: number): boolean {
	return value >= first && value <= last;
}

/** @returns Whether an address is not to be taken while there are others. @param nowMs Since 1970. */
export function rests({ releasedAt, reclaimedFrom }: ReleasedAddress, nowMs: number): boolean {
	return reclaimedFrom !== undefined || Math.abs(nowMs - releasedAt) < quarantineMs;
}

/** The lowest address, where several were released at once. */
function longestReleased(
	released: ReadonlyMap<Ipv4, ReleasedAddress>,
	fits: (address: Ipv4, value: number) => boolean,
): Ipv4 | undefined {
	let best: { readonly value: number; readonly at: number } | undefined;
	for (const [address, { releasedAt: at }] of released) {
		const value = ipv4ToNumber(address);
		if (best !== undefined && (at > best.at || (at === best.at && value > best.value))) continue;
		if (fits(address, value)) best = { value, at };
	}
	return best === undefined ? undefined : ipv4FromNumber(best.value);
}

function exhausted(
	{ subnet, ipRange }: Pool,
	span: Span,
	used: ReadonlySet<Ipv4>,
	reserved: ReadonlySet<number>,
): WeftError {
	const endpoints = [...used].filter((address) => isIn(span, ipv4ToNumber(address))).length;
	const kept = [...reserved].filter((value) => isIn(span, value)).length;
	const where = ipRange === undefined ? `${subnet}` : `IP range ${ipRange} of ${subnet}`;
	return new WeftError(
		"POOL_EXHAUSTED",
		`Cannot give out an address of ${where}: of ${span.last - span.first + 1} addresses ${endpoints} are in use and ${kept} reserved`,
		{ fix: "disconnect a container from the network, or create a network with a larger --subnet" },
	);
}
