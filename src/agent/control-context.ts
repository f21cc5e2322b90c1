import { randomBytes } from "node:crypto";
import { expectAlive } from "../control/alive.ts";
import type { ControlContext } from "../control/context.ts";
import type { View } from "../reconcile/view.ts";
import type { Released } from "./released.ts";

type Given = Pick<ControlContext, "store" | "local" | "self" | "gatewaySubnet">;

/** @returns What changes of desired state need, as an agent has it: what it follows it knows, and does not ask for. */
export function controlContext(given: Given, view: View, released: Released): ControlContext {
	const { store, self } = given;
	return {
		...given,
		sandboxes: () => [...view.sandboxes.values()],
		followed: (ref) => view.network(ref) ?? view.networks().find(({ name }) => name === ref),
		addressesOf: (id) => released.known(view, id),
		noteReleased: (id, addresses) => released.noteAll(view, id, addresses),
		whileAlive: () => expectAlive(store, self.id),
		now: () => Date.now(),
		randomId: () => randomBytes(32).toString("hex"),
	};
}
