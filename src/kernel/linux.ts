import { hostNetns } from "../model/kernel-state.ts";
import { codeOf } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { applyOps } from "./linux/apply.ts";
import { Departures } from "./linux/departures.ts";
import { Events } from "./linux/events.ts";
import { readFacts } from "./linux/facts.ts";
import { Nsids } from "./linux/nsids.ts";
import { observeScopes } from "./linux/observe.ts";
import { Session } from "./linux/session.ts";
import { getLinksRequest } from "./netlink/link.ts";
import { readLink } from "./netlink/link-read.ts";
import { listOwnNetns, netnsCookie } from "./netns.ts";
import { toWeftError } from "./refusal.ts";

/** The names of namespaces that weft makes: overlays', and sandboxes'. */
const isOwnNetns = (name: string) => /^(1-[0-9a-f]{10}|weft-[0-9a-f]{12})$/.test(name);

/** The kernel of the namespace that this process runs in, through netlink. Needs root. */
export function openLinuxKernel(): Kernel {
	const nsids = new Nsids();
	const departures = new Departures(() => events.onDeparted());
	const events = new Events(nsids, departures);
	/** Opens what a call needs, and closes it again whatever happens. */
	const within = <T>(work: (session: Session) => T): T =>
		translated(() => {
			using session = new Session(nsids, departures);
			return work(session);
		});
	return {
		observe: (scopes) => within((session) => observeScopes(session, scopes)),
		apply: (ops) => within((session) => events.withoutOwn(session, ops, () => applyOps(session, ops))),
		facts: () => within(readFacts),
		listNetns: () => listOwnNetns(isOwnNetns),
		linkNames: (ns) =>
			within((session) =>
				session
					.route(ns)
					.dump(getLinksRequest())
					.map((link) => readLink(link).name),
			),
		netnsCookie: (ns) => translated(() => netnsCookie(ns)),
		ownNameOf: (ns) =>
			within((session) => {
				const name = session.refOf(nsids.lookUp(session.route(hostNetns), ns));
				return name !== undefined && isOwnNetns(name) ? name : undefined;
			}),
		watchNetns: (ns) => within((session) => events.watch(session, ns)),
		subscribe: (listener) => events.subscribe(listener),
		close: () => events.close(),
	};
}

/** @throws {WeftError} In the place of what the kernel said. */
function translated<T>(work: () => T): T {
	try {
		return work();
	} catch (cause) {
		throw codeOf(cause) === undefined ? cause : toWeftError("Cannot look at the kernel", cause);
	}
}
