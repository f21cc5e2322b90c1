import type { Logger } from "pino";
import type { ControlContext } from "../control/context.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import type { ReconcileLoop } from "../reconcile/loop.ts";
import type { View } from "../reconcile/view.ts";
import type { EventBus } from "./event-bus.ts";
import type { Identity } from "./identity.ts";
import type { Members } from "./members.ts";
import type { NamesFeed } from "./names-feed.ts";
import type { PathTest } from "./path-test.ts";
import type { Paths } from "./paths.ts";
import type { Pulse } from "./pulse.ts";
import type { Troubles } from "./troubles.ts";

/** Everything that a running agent is wired of: what the parts of its service share. */
export interface Runtime {
	readonly paths: Paths;
	readonly identity: Identity;
	readonly self: Host;
	readonly control: ControlContext;
	readonly kernel: Kernel;
	readonly view: View;
	readonly loop: ReconcileLoop;
	/** What of the host's surroundings stands in weft's way. */
	readonly problems: () => readonly WeftError[];
	readonly names: NamesFeed;
	readonly members: Members;
	/** Beats after each change of the view. */
	readonly pulse: Pulse;
	readonly events: EventBus;
	readonly troubles: Troubles;
	readonly pathTest: PathTest;
	readonly log: Logger;
}
