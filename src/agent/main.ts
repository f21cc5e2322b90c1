import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pino, { type Logger } from "pino";
import { serveApi } from "../api/serve.ts";
import { claimSocket } from "../api/socket.ts";
import type { ControlContext } from "../control/context.ts";
import { gatewayBridge } from "../drivers/forward.ts";
import type { Kernel, OpResult } from "../kernel/kernel.ts";
import { openLinuxKernel } from "../kernel/linux.ts";
import { onProcessEnd } from "../kernel/pidfd.ts";
import { serviceManager } from "../kernel/sd-notify.ts";
import { causeText, WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import { formatOp, formatOps } from "../plan/format.ts";
import { Reconciler } from "../reconcile/reconciler.ts";
import { ContainerRuntime } from "../sandbox/runtime.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { openClusterStore } from "./cluster-store.ts";
import { ContainerLives } from "./container-lives.ts";
import { EventBus } from "./event-bus.ts";
import { HostNames } from "./host-names.ts";
import { agentPort, gatewayPool, type Identity, readIdentity, writeIdentity } from "./identity.ts";
import { tellMended } from "./kernel-events.ts";
import { Membership } from "./membership.ts";
import { NamesFeed } from "./names-feed.ts";
import { PathTest } from "./path-test.ts";
import { type Paths, paths } from "./paths.ts";
import { Pulse } from "./pulse.ts";
import type { Runtime } from "./runtime.ts";
import { Sandboxes } from "./sandboxes.ts";
import { agentService } from "./service.ts";
import { Suspensions } from "./suspensions.ts";
import { Tidy } from "./tidy.ts";
import { onUnderlayChange, type Underlay, underlayNow } from "./underlay.ts";
import { version } from "./version.ts";

export interface AgentOptions extends Paths {
	readonly socketPath: string;
}

/**
 * Runs the agent until `signal` aborts. Everything is wired here, and nowhere else.
 * @throws {WeftError} CONFIG_INVALID when this host was never launched, AGENT_ALREADY_RUNNING, and what opening the parts throws.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
	const log = pino({ name: "agent" }, pino.destination({ fd: 2, sync: true }));
	const tellManager = serviceManager();
	mkdirSync(options.runDir, { recursive: true, mode: 0o755 });
	// Before anything is opened: that another agent runs is the reason for all that would fail.
	await claimSocket(options.socketPath);
	const local = await openSqliteStore(paths.localDb(options));
	const kernel = openLinuxKernel();
	const containers = await ContainerRuntime.open(options, {
		onProcessEnd,
		onError: (error) => log.error({ cause: causeText(error) }, "cannot follow a container"),
	});
	try {
		// Again each time when the host has got another address: what is there is adopted, as after any start.
		while (!signal.aborted) await runOnce(options, { local, kernel, containers, log, tellManager }, signal);
	} finally {
		containers.close();
		await local.close();
		kernel.close();
	}
}

interface Ground extends Omit<Parts, "store"> {
	readonly tellManager: (state: string) => void;
}

/** Runs the agent until `signal` aborts, or the host's address or MTU on the underlay changes. */
async function runOnce(options: AgentOptions, ground: Ground, signal: AbortSignal): Promise<void> {
	const { local, kernel, log, tellManager } = ground;
	const known = await readIdentity(local);
	if (known === undefined) {
		throw new WeftError(
			"CONFIG_INVALID",
			`Cannot start the agent: this host was never launched (${options.stateDir} holds no identity)`,
			{ fix: "weft launch" },
		);
	}
	const underlay = await waitForUnderlay(known, ground, signal);
	if (underlay === undefined) return;
	const identity = { ...known, vtep: underlay.vtep, underlayDev: underlay.dev };
	if (identity.vtep !== known.vtep) await writeIdentity(local, identity);
	const moved = new AbortController();
	const cluster = await openClusterStore(identity, {
		paths: options,
		log,
		async onStoreMove({ storeUrl }) {
			await writeIdentity(local, { ...identity, storeUrl });
			log.warn({ storeUrl }, "the store's host has got another address");
			// Once it has heard that this host knows.
			setImmediate(() => moved.abort());
		},
	});
	const agent = wire({ paths: options, identity, underlay }, { ...ground, store: cluster.store });
	await agent.start();
	const lives = new ContainerLives(agent.runtime, agent.sandboxes, ground.containers);
	const service = agentService({ ...agent, containers: ground.containers, lives }, cluster);
	const api = await serveApi(service, { socketPath: options.socketPath });
	log.info({ host: identity.name, vtep: identity.vtep, store: identity.storeUrl }, "the agent serves");
	tellManager("READY=1");

	const endWatch = onUnderlayChange(kernel, underlay, () => {
		log.warn({ vtep: identity.vtep }, "the host's address or MTU on the underlay has changed");
		moved.abort();
	});
	const ended = AbortSignal.any([signal, moved.signal]);
	if (!ended.aborted) await once(ended, "abort");
	endWatch();
	await api.close();
	lives.close();
	await agent.stop();
	await cluster.close();
}

/** A host that boots may have its address a moment later. @returns undefined when `signal` aborts before. */
async function waitForUnderlay(
	identity: Identity,
	{ kernel, log }: Ground,
	signal: AbortSignal,
): Promise<Underlay | undefined> {
	for (let told = false; !signal.aborted; told = true) {
		const underlay = underlayNow(identity, kernel.facts());
		if (underlay !== undefined) return underlay;
		if (!told) log.warn({ dev: identity.underlayDev }, `waiting for an address: no interface has ${identity.vtep}`);
		await sleep(500, undefined, { signal }).catch(() => {});
	}
	return undefined;
}

interface Parts {
	readonly local: Store;
	readonly store: Store;
	readonly kernel: Kernel;
	readonly containers: ContainerRuntime;
	readonly log: Logger;
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
	};
}

interface Place {
	readonly paths: Paths;
	readonly identity: Identity;
	readonly underlay: Underlay;
}

function wire({ paths: agentPaths, identity, underlay }: Place, { local, store, kernel, containers, log }: Parts) {
	const self = hostRecord(identity, underlay, kernel);
	const pulse = new Pulse();
	const events = new EventBus();
	const names = new NamesFeed(agentPaths, identity.id, (id) => suspensions.has(id), log);
	const reconciler = new Reconciler({
		store,
		local,
		kernel,
		self,
		gatewayPool: gatewayPool(identity, underlay),
		onChange(change, view) {
			names.note(view, change);
			if (change.kind === "liveness") suspensions.note(change.id);
			if (change.kind === "sandbox") tidy?.follow();
			if (change.kind === "endpoint" && change.before?.hostId === identity.id) tidy?.check(change.before.sandboxId);
			if (change.kind === "host" && !view.hosts.has(change.id)) suspensions.forget(change.id);
		},
		onBatch: () => {
			names.flush();
			pulse.beat();
		},
		onRound: (results) => {
			names.noteRound(results);
			logRound(log, results);
		},
		onMended: (ops) => {
			log.info({ commands: formatOps(ops) }, "mended what drifted");
			tellMended(events, ops);
		},
		onError: (error) => log.error({ cause: causeText(error) }, "cannot keep the local copy"),
	});
	const control: ControlContext = {
		store,
		local,
		self,
		now: () => Date.now(),
		randomId: () => randomBytes(32).toString("hex"),
	};
	const { view, loop, problems } = reconciler;
	const suspensions: Suspensions = new Suspensions({
		self: identity.id,
		isAlive: (id) => view.alive.has(id),
		onChange(id) {
			names.noteHost(view, id);
			const action = suspensions.has(id) ? "suspend" : "resume";
			events.emit({ type: "host", action, id, name: view.hosts.get(id)?.name ?? "" });
		},
		now: () => performance.now(),
		later: (delayMs, callback) => {
			const timer = setTimeout(callback, delayMs);
			return () => clearTimeout(timer);
		},
	});
	const runtime: Runtime = {
		paths: agentPaths,
		identity,
		self,
		control,
		kernel,
		view,
		loop,
		problems,
		names,
		pulse,
		events,
		pathTest: new PathTest({ control, view, pulse, log }),
		log,
	};
	const sandboxes = new Sandboxes(runtime);
	let membership: Membership | undefined;
	let tidy: Tidy | undefined;
	return {
		runtime,
		sandboxes,
		names: new HostNames(view, sandboxes, containers),
		async start(): Promise<void> {
			membership = new Membership(store, self, identity.epoch, log);
			await view.ready();
			// Those that were dead before this agent started: no lease of theirs ends while it looks.
			for (const id of view.hosts.keys()) if (id !== identity.id) suspensions.note(id);
			await names.start(view);
			await reconciler.start();
			tidy = new Tidy(runtime, sandboxes, containers);
		},
		async stop(): Promise<void> {
			membership?.close();
			suspensions.close();
			tidy?.close();
			runtime.pathTest.close();
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
