import type { Kernel } from "../kernel/kernel.ts";
import type { Sandbox } from "../model/endpoint.ts";
import { isWeftError } from "../model/error.ts";

/**
 * @returns Whether a sandbox's namespace can be worked in. One of weft's own is made again when it is gone; another's is gone
 *   for good, and what is at its path now may be somebody else's (a process id is given out again).
 */
export function isPresent(kernel: Pick<Kernel, "netnsCookie">, { netns, cookie }: Sandbox): boolean {
	if (cookie === undefined) return true;
	try {
		return kernel.netnsCookie(netns) === cookie;
	} catch (error) {
		if (isWeftError(error, "NETNS_NOT_FOUND")) return false;
		throw error;
	}
}
