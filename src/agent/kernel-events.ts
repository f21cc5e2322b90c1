import type { KernelOp } from "../model/kernel-op.ts";
import { type NetnsRef, nsOf } from "../model/kernel-state.ts";
import { formatOp } from "../plan/format.ts";
import type { EventBus } from "./event-bus.ts";

/** Commands that one event names: a namespace that is made again takes thousands. */
const mostCommands = 20;

/** Tells what was mended in this host's kernel: an event for each namespace, with the commands that would do the same, one a line. */
export function tellMended(events: EventBus, ops: readonly KernelOp[]): void {
	for (const [ns, own] of Map.groupBy(ops, ({ resource }): NetnsRef => nsOf(resource))) {
		const commands = own.slice(0, mostCommands).map(formatOp);
		if (own.length > mostCommands) commands.push(`… and ${own.length - mostCommands} operations more`);
		const attributes = { operations: String(own.length), commands: commands.join("\n") };
		events.emit({ type: "kernel", action: "mend", id: ns, name: ns, attributes });
	}
}
