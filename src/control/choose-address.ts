import { allocateAddress, checkAddress, rests } from "../ipam/allocate.ts";
import type { Ipv4 } from "../model/address.ts";
import { isWeftError } from "../model/error.ts";
import { type AddressClaim, keys, type ReleasedAddress } from "../model/keys.ts";
import type { Network } from "../model/network.ts";
import type { Entry } from "../store/store.ts";
import { type ControlContext, decodeAll } from "./context.ts";

/** An address that is free, with the claim of its former holder where there is one. */
export interface Chosen {
	readonly address: Ipv4;
	readonly claim: Entry | undefined;
}

/**
 * Chooses an address by what this host knows, and looks that one up; only where it is not free after all, the claims of the
 * whole network are read.
 * @param ip A fixed one, as typed. @param run How often it was in vain. @throws {WeftError} POOL_EXHAUSTED, ADDRESS_*
 */
export async function chooseAddress(
	context: ControlContext,
	network: Network,
	{ ip, run = 0 }: { readonly ip?: string | undefined; readonly run?: number },
): Promise<Chosen> {
	const { store } = context;
	if (ip !== undefined) {
		const address = checkAddress(network, ip, new Set());
		const claim = await store.get(keys.address(network.id, address));
		checkAddress(network, ip, new Set(claim !== undefined && isHeld(claim) ? [address] : []));
		return { address, claim };
	}
	const guess = guessAddress(context, network, skipOf(context, run));
	if (guess !== undefined) {
		const claim = await store.get(keys.address(network.id, guess));
		if (claim === undefined || isFree(claim, context.now())) return { address: guess, claim };
	}
	const { entries } = await store.list(keys.addresses(network.id));
	return fromClaims(context, network, entries);
}

/** Hosts that were in each other's way look further and further apart. */
function skipOf({ randomId }: ControlContext, run: number): number {
	return run === 0 ? 0 : Number.parseInt(randomId().slice(0, 8), 16) % (8 * run);
}

function guessAddress(context: ControlContext, network: Network, skip: number): Ipv4 | undefined {
	const known = context.addressesOf(network.id);
	if (known === undefined) return undefined;
	try {
		return allocateAddress(network, known.used, known.released, context.now(), skip);
	} catch (error) {
		// What is known may be old: whether all are taken is for the claims to say.
		if (isWeftError(error, "POOL_EXHAUSTED")) return undefined;
		throw error;
	}
}

function fromClaims(context: ControlContext, network: Network, entries: readonly Entry[]): Chosen {
	const claims = new Map<Ipv4, Entry>();
	const used = new Set<Ipv4>();
	const released = new Map<Ipv4, ReleasedAddress>();
	for (const entry of entries) {
		const address = entry.key.slice(entry.key.lastIndexOf("/") + 1) as Ipv4;
		const claim = releaseOf(entry);
		claims.set(address, entry);
		if (claim === undefined) used.add(address);
		else released.set(address, claim);
	}
	context.noteReleased(network.id, released);
	const address = allocateAddress(network, used, released, context.now());
	return { address, claim: claims.get(address) };
}

function isHeld(claim: Entry): boolean {
	return releaseOf(claim) === undefined;
}

function isFree(entry: Entry, nowMs: number): boolean {
	const claim = releaseOf(entry);
	return claim !== undefined && !rests(claim, nowMs);
}

/** @returns undefined for one that is held; one that cannot be read is taken for held. */
function releaseOf(entry: Entry): ReleasedAddress | undefined {
	const [claim] = decodeAll<AddressClaim>([entry]);
	return claim !== undefined && "releasedAt" in claim ? claim : undefined;
}
