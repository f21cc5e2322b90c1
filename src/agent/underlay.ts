import type { HostFacts, Kernel } from "../kernel/kernel.ts";
import type { Ipv4 } from "../model/address.ts";
import { hostNetns } from "../model/kernel-state.ts";

/** Where this host was reached last. */
export interface FormerUnderlay {
	readonly vtep: Ipv4;
	readonly underlayDev: string;
}

/** How this host reaches the others. */
export interface Underlay {
	readonly vtep: Ipv4;
	readonly dev: string;
	readonly mtuBytes: number;
}

/** An address that is replaced is gone for a moment. */
const settleMs = 200;

/**
 * @returns By the address that was advertised last, while an interface has it; else by the first one of the interface that had
 *   it (DHCP gave another); undefined while that has none.
 */
export function underlayNow({ vtep, underlayDev }: FormerUnderlay, { links }: HostFacts): Underlay | undefined {
	const link =
		links.find(({ addresses }) => addresses.includes(vtep)) ?? links.find(({ name }) => name === underlayDev);
	const address = link?.addresses.includes(vtep) === true ? vtep : link?.addresses[0];
	if (link === undefined || address === undefined) return undefined;
	return { vtep: address, dev: link.name, mtuBytes: link.mtuBytes };
}

/** Calls back once when the underlay is not `was` any more. While there is none, all stays: it may come back. @returns Ends it. */
export function onUnderlayChange(kernel: Kernel, was: Underlay, callback: () => void): () => void {
	let timer: NodeJS.Timeout | undefined;
	const look = () => {
		timer = undefined;
		const now = underlayNow({ vtep: was.vtep, underlayDev: was.dev }, kernel.facts());
		if (now === undefined || (now.vtep === was.vtep && now.mtuBytes === was.mtuBytes)) return;
		end();
		callback();
	};
	const unsubscribe = kernel.subscribe((event) => {
		if (event.kind === "overrun" || (event.ns === hostNetns && ["addr", "link"].includes(event.kind)))
			timer ??= setTimeout(look, settleMs);
	});
	const end = () => {
		clearTimeout(timer);
		unsubscribe();
	};
	return end;
}
