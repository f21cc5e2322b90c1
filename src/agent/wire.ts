import type { Logger } from "pino";
import { gatewayBridge } from "../drivers/forward.ts";
import type { Kernel, OpResult } from "../kernel/kernel.ts";
import type { ServiceManager } from "../kernel/sd-notify.ts";
import { causeText } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import { formatOp, formatOps } from "../plan/format.ts";
import { Reconciler } from "../reconcile/reconciler.ts";
import type { ContainerRuntime } from "../sandbox/runtime.ts";
import type { Store } from "../store/store.ts";
import { controlContext } from "./control-context.ts";
import { EventBus } from "./event-bus.ts";
import { FullTables } from "./full-tables.ts";
import { HostNames } from "./host-names.ts";
import { agentPort, gatewayPool, type Identity } from "./identity.ts";
import { tellMended } from "./kernel-events.ts";
import { noteLeft } from "./left-networks.ts";
import { LostEndpoints } from "./lost-endpoints.ts";
import { Members } from "./members.ts";
import { Membership } from "./membership.ts";
import { NamesFeed } from "./names-feed.ts";
import { PathTest } from "./path-test.ts";
import type { Paths } from "./paths.ts";
import { Pulse } from "./pulse.ts";
import { Released } from "./released.ts";
import type { Runtime } from "./runtime.ts";
import { Sandboxes } from "./sandboxes.ts";
import { Tidy } from "./tidy.ts";
import { Troubles } from "./troubles.ts";
import type { Underlay } from "./underlay.ts";
import { version } from "./version.ts";

/** A service manager starts the names process again at once (RestartSec=100ms): two that did would be in each other's way. */
const managedNamesMs = 3_000;

/** What the agent stands on. */
export interface Parts {
	readonly local: Store;
	readonly store: Store;
	readonly kernel: Kernel;
	readonly containers: ContainerRuntime;
	readonly log: Logger;
	readonly manager: Pick<ServiceManager, "isThere">;
}

function hostRecord(identity: Identity, { mtuBytes }: Underlay, kernel: Kernel): Host {
	const facts = kernel.facts();
	return {
		id: identity.id,
		name: identity.name,
		vtep: identity.vtep,
		agentPort,
		underlayMtuBytes: mtuBytes,
		version,
		routes: [
			...facts.routes.filter(({ dst, dev }) => dst !== "0.0.0.0/0" && dev !== gatewayBridge).map(({ dst }) => dst),
			// Whether or not its bridge is there yet: each container with a way out has an address of it.
			identity.gatewaySubnet,
		],
		joinedAt: identity.joinedAt,
		...(identity.graceSeconds === undefined ? {} : { graceSeconds: identity.graceSeconds }),
	};
}

/** Who the agent is, and where. */
export interface Place {
	readonly paths: Paths;
	readonly identity: Identity;
	readonly underlay: Underlay;
}

/** Wires the parts of an agent together: here, and nowhere else. */
export function wire(
	{ paths: agentPaths, identity, underlay }: Place,
	{ local, store, kernel, containers, log, manager }: Parts,
) {
	const self = hostRecord(identity, underlay, kernel);
	const pulse = new Pulse();
	const released = new Released(() => Date.now());
	const events = new EventBus();
	const namesPlace = { paths: agentPaths, hostId: identity.id, spawnAfterMs: manager.isThere ? managedNamesMs : 0 };
	const names = new NamesFeed(namesPlace, (id) => members.isHidden(id), log);
	const reconciler = new Reconciler({
		store,
		local,
		kernel,
		self,
		gatewayPool: gatewayPool(identity, underlay),
		onChange(change, view) {
			names.note(view, change);
			released.note(view, change);
			members.note(change);
			if (change.kind === "sandbox") tidy?.follow(change.before, view.sandboxes.get(change.id));
			if (change.kind === "endpoint" && change.before?.hostId === identity.id) tidy?.check(change.before.sandboxId);
			else if (change.kind === "endpoint" && change.before !== undefined) tidy?.noteFreed();
		},
		onBatch: () => {
			names.flush();
			pulse.beat();
		},
		onRestored: () => {
			log.warn("the store was restored from a backup: what it lost of this host is brought back");
			tidy?.noteRestored();
		},
		onRound: (results) => {
			names.noteRound(results);
			logRound(log, results);
		},
		onStuck: (error) => log.warn({ code: error.code, cause: causeText(error.cause ?? "") }, error.message),
		onMended: (ops) => {
			log.info({ commands: formatOps(ops) }, "mended what drifted");
			tellMended(events, ops);
		},
		onError: (error) => log.error({ cause: causeText(error) }, "cannot keep the local copy"),
		onDamaged: (error) => log.error({ fix: error.fix }, error.message),
	});
	const { view, loop } = reconciler;
	const tables = new FullTables();
	const { gatewaySubnet } = identity;
	const control = controlContext({ store, local, self, gatewaySubnet }, view, released);
	const members: Members = new Members({ control, view, events, log, onHidden: (id) => names.noteHost(view, id) });
	const runtime: Runtime = {
		paths: agentPaths,
		identity,
		self,
		control,
		kernel,
		view,
		loop,
		problems: () => [...reconciler.problems(), ...tables.problems()],
		names,
		members,
		pulse,
		events,
		troubles: new Troubles(),
		pathTest: new PathTest({ control, view, pulse, log }),
		log,
	};
	const lost = new LostEndpoints(runtime, reconciler.own, containers);
	const sandboxes = new Sandboxes(runtime, lost, async (id, joins) => {
		const container = containers.get(id);
		if (container !== undefined) await noteLeft(container.paths, joins);
	});
	let membership: Membership | undefined;
	let tidy: Tidy | undefined;
	return {
		runtime,
		sandboxes,
		names: new HostNames(view, sandboxes, containers),
		async start(): Promise<void> {
			membership = new Membership({
				store,
				self,
				epoch: identity.epoch,
				leaseSeconds: identity.leaseSeconds,
				onReturn: ({ at }) => log.warn({ at }, "this host was taken for dead, and what it held was reclaimed"),
				log,
			});
			await view.ready();
			members.start();
			await names.start(view);
			await reconciler.start();
			tidy = new Tidy(runtime, sandboxes, containers);
		},
		async stop(): Promise<void> {
			membership?.close();
			members.close();
			tidy?.close();
			runtime.pathTest.close();
			tables.close();
			await reconciler.close();
			names.close();
		},
	};
}

function logRound(log: Logger, results: readonly OpResult[]): void {
	for (const { op, error } of results) {
		if (error === undefined) log.debug({ op: formatOp(op) }, "applied");
		else log.warn({ op: formatOp(op), code: error.code, cause: causeText(error.cause ?? "") }, error.message);
	}
}
