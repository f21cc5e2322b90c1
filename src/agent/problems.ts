import { vxlanPort } from "../drivers/overlay.ts";
import { portHolder } from "../kernel/port-holder.ts";
import { vxlanPortInUse } from "../kernel/vxlan-port.ts";
import type { WeftError } from "../model/error.ts";
import type { ProblemView } from "../model/view.ts";
import type { StoreHealth } from "../store/store.ts";
import type { Runtime } from "./runtime.ts";

/** Since when the store has been as it is. */
export class StoreClock {
	since = new Date().toISOString();

	constructor(health: StoreHealth) {
		health.onChange(() => {
			this.since = new Date().toISOString();
		});
	}
}

/** @param damaged Of what is kept on this host. @returns What is not as it should be on this host, for `weft status`. */
export function problems(
	{ loop, control, problems: inTheWay, troubles }: Runtime,
	store: StoreClock,
	damaged: Iterable<WeftError>,
): ProblemView[] {
	const found: ProblemView[] = loop.failures
		.causes()
		.map(({ error, since }) => ({ ...error.toBody(), since: new Date(since).toISOString() }));
	const { reachable, reason, url } = control.store.health;
	if (!reachable)
		found.push({
			code: "STORE_UNREACHABLE",
			message: `Cannot reach the store at ${url}: traffic and names go on, changes wait`,
			fix: "check that its host is up, and that TCP to it passes",
			...(reason === undefined ? {} : { cause: reason }),
			since: store.since,
		});
	for (const error of [...inTheWay(), ...damaged]) found.push({ ...error.toBody(), since: new Date().toISOString() });
	found.push(...troubles.list());
	const port = vxlanPortProblem();
	if (port !== undefined && !found.some(({ code }) => code === port.code))
		found.push({ ...port.toBody(), since: new Date().toISOString() });
	return found;
}

/** @returns The error that the next overlay of this host will meet; undefined when no program has VXLAN's port. */
export function vxlanPortProblem(): WeftError | undefined {
	return portHolder("udp", vxlanPort) === undefined ? undefined : vxlanPortInUse("Cannot run overlays", vxlanPort);
}
