import { channel } from "node:diagnostics_channel";

/** The gaps in which a process may die between two things that belong together: each is named after what was just done. */
export type Point =
	| "sandbox added"
	| "join noted"
	| "join stored"
	| "leave released"
	| "leave noted"
	| "plan sent"
	| "nft sent"
	| "container connected"
	| "container written"
	| "container prepared"
	| "sandbox removed"
	| "move frozen"
	| "move copied"
	| "move left";

/** Where a test listens, to end the process on purpose. */
export const points = channel("weft:point");

/** Says that the process is at a point. Nobody listening costs a comparison. */
export function at(point: Point): void {
	if (points.hasSubscribers) points.publish(point);
}
