import type { Ipv4 } from "../model/address.ts";
import { parseIpv4 } from "../model/address.ts";
import type { SandboxId } from "../model/endpoint.ts";
import { prefixContains } from "../model/prefix.ts";
import type { Holders, NetworkNames, Picture } from "./picture.ts";

/**
 * @param name     As asked, without the final dot, in lower case.
 * @param rotation Any number; the next one turns the order by one.
 * @returns The addresses behind a name, those of the same host first, each group turned by `rotation`; undefined for a name
 *   that is none of the cluster's. A name is `<container>`, `<alias>`, or either with `.<network>` behind it.
 */
export function lookupName(picture: Picture, sandbox: SandboxId, name: string, rotation: number): Ipv4[] | undefined {
	// Most names have no dot, and then no network's name behind one.
	const qualified = name.includes(".");
	for (const { byName, suffix } of picture.networksOf(sandbox)) {
		const holders =
			byName.get(name) ?? (qualified && name.endsWith(suffix) ? byName.get(name.slice(0, -suffix.length)) : undefined);
		if (holders !== undefined) return addressesOf(holders, rotation);
	}
	return undefined;
}

function addressesOf(holders: Holders, rotation: number): Ipv4[] {
	if (!(holders instanceof Set)) return [holders.address];
	const near: Ipv4[] = [];
	const far: Ipv4[] = [];
	for (const { local, address } of holders) (local ? near : far).push(address);
	return [...turned(near, rotation), ...turned(far, rotation)];
}

function turned<T>(items: readonly T[], by: number): T[] {
	if (items.length < 2) return [...items];
	const cut = by % items.length;
	return [...items.slice(cut), ...items.slice(0, cut)];
}

/**
 * @param name "2.0.0.10.in-addr.arpa" (RFC 1035, section 3.5).
 * @returns The full name behind an address; null for an address of the cluster's that nobody has; undefined for one that is
 *   none of the cluster's.
 */
export function lookupAddress(picture: Picture, sandbox: SandboxId, name: string): string | null | undefined {
	const labels = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/i.exec(name);
	const address = labels === null ? undefined : parseIpv4(labels.slice(1).reverse().join("."));
	if (address === undefined) return undefined;
	let ours = false;
	for (const network of picture.networksOf(sandbox)) {
		const found = nameOf(network, address);
		if (found !== undefined) return found;
		ours ||= prefixContains(network.subnet, address);
	}
	return ours ? null : undefined;
}

function nameOf(network: NetworkNames, address: Ipv4): string | undefined {
	const endpoint = network.byAddress.get(address);
	return endpoint === undefined ? undefined : `${endpoint.name}.${network.name}`;
}
