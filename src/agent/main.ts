import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { serveApi } from "../api/serve.ts";
import { claimSocket } from "../api/socket.ts";
import { moveIn } from "../control/freeze.ts";
import { watchLimitReached } from "../kernel/limit.ts";
import { openLinuxKernel } from "../kernel/linux.ts";
import { onProcessEnd } from "../kernel/pidfd.ts";
import { type ServiceManager, serviceManager } from "../kernel/sd-notify.ts";
import { growSlowly } from "../lib/frugal.ts";
import { causeText, isWeftError, WeftError } from "../model/error.ts";
import { keys } from "../model/keys.ts";
import { ContainerRuntime } from "../sandbox/runtime.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { type ClusterStore, openClusterStore } from "./cluster-store.ts";
import { ContainerLives } from "./container-lives.ts";
import { type Identity, readIdentity, writeIdentity } from "./identity.ts";
import { MoveFollower } from "./move-follower.ts";
import { type Paths, paths } from "./paths.ts";
import { agentService } from "./service.ts";
import { applyStoreChange, noteStoreChange, type StoreChange } from "./store-change.ts";
import { StoreMover } from "./store-mover.ts";
import { StoreRecovery } from "./store-recovery.ts";
import { onUnderlayChange, type Underlay, underlayNow } from "./underlay.ts";
import { type Parts, wire } from "./wire.ts";

export interface AgentOptions extends Paths {
	readonly socketPath: string;
}

/**
 * Runs the agent until `signal` aborts.
 * @throws {WeftError} CONFIG_INVALID when this host was never launched, AGENT_ALREADY_RUNNING, and what opening the parts throws.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
	growSlowly();
	const log = pino({ name: "agent" }, pino.destination({ fd: 2, sync: true }));
	const manager = serviceManager();
	mkdirSync(options.runDir, { recursive: true, mode: 0o755 });
	// Before anything is opened: that another agent runs is the reason for all that would fail.
	await claimSocket(options.socketPath);
	const local = await openSqliteStore(paths.localDb(options), { create: true });
	const kernel = openLinuxKernel();
	const containers = await ContainerRuntime.open(options, {
		onProcessEnd,
		onError: (error) => log.error({ cause: causeText(error) }, "cannot follow a container"),
	}).catch((cause: unknown) => {
		throw watchLimitReached("Cannot follow the containers of this host", cause) ?? cause;
	});
	const endWatch = manager.watch();
	try {
		// Again each time when the host has got another address: what is there is adopted, as after any start.
		while (!signal.aborted) await runOnce(options, { local, kernel, containers, log, manager }, signal);
	} finally {
		manager.tell("STOPPING=1");
		endWatch();
		containers.close();
		await local.close();
		kernel.close();
	}
}

interface Ground extends Omit<Parts, "store"> {
	readonly manager: ServiceManager;
}

/** Runs the agent until `signal` aborts, or the host's address or MTU on the underlay changes. */
async function runOnce(options: AgentOptions, ground: Ground, signal: AbortSignal): Promise<void> {
	const { local, kernel, log, manager } = ground;
	await applyStoreChange(local, options);
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
	if (identity.vtep !== known.vtep)
		await writeIdentity(local, identity).catch((error: unknown) => {
			// It is found again at the next start.
			if (!isWeftError(error, "STORE_FULL")) throw error;
			log.error({ cause: causeText(error) }, "cannot note the host's new address");
		});
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
	const moves = followMoves(options, { identity, cluster, local, log }, () => moved.abort());
	if (await goesAtOnce(cluster.bare, moved.signal)) {
		moves.close();
		await cluster.close();
		return;
	}
	const agent = wire({ paths: options, identity, underlay }, { ...ground, store: cluster.store });
	await agent.start();
	const lives = new ContainerLives(agent.runtime, agent.sandboxes, ground.containers);
	const movers = { mover: moves.mover, recovery: new StoreRecovery(agent.runtime, cluster, moves.goOn) };
	const service = agentService({ ...agent, containers: ground.containers, lives }, cluster, movers);
	const api = await serveApi(service, { socketPath: options.socketPath });
	log.info({ host: identity.name, vtep: identity.vtep, store: identity.storeUrl }, "the agent serves");
	manager.tell("READY=1");

	const endWatch = onUnderlayChange(kernel, underlay, () => {
		log.warn({ vtep: identity.vtep }, "the host's address or MTU on the underlay has changed");
		moved.abort();
	});
	const ended = AbortSignal.any([signal, moved.signal]);
	if (!ended.aborted) await once(ended, "abort");
	endWatch();
	moves.close();
	await api.close();
	lives.close();
	await agent.stop();
	await cluster.close();
}

/** Who heard that the store changes may be told so before the parts are taken down. */
const changeMs = 50;

/** Lets this host go along with the cluster's state, and begin to move it. @param onMoved Told that the parts are to be wired anew. */
function followMoves(
	agentPaths: Paths,
	{ identity, cluster, local, log }: Pick<Parts, "local" | "log"> & { identity: Identity; cluster: ClusterStore },
	onMoved: () => void,
) {
	const mover = new StoreMover(identity, agentPaths, cluster);
	const goOn = async (change: StoreChange) => {
		await noteStoreChange(local, change);
		log.warn({ storeUrl: change.storeUrl }, "the cluster's state is in another store");
		setTimeout(onMoved, changeMs);
	};
	const follower = new MoveFollower({
		store: cluster.bare,
		identity,
		paths: agentPaths,
		log,
		idle: () => mover.idle(),
		onChange: goOn,
	});
	return { mover, goOn, close: () => follower.close() };
}

/** A store that does not answer at once is not waited for: an agent starts without it as well. */
const lookMs = 1_000;
const followMs = 5_000;

/** @returns Whether the cluster's state went elsewhere while this host was down, and it goes there before it serves anybody here. */
async function goesAtOnce(bare: Store, moved: AbortSignal): Promise<boolean> {
	const looked = bare.get(keys.moving).catch(() => undefined);
	const entry = await Promise.race([looked, sleep(lookMs, undefined)]);
	if (moveIn(entry)?.state === "left") await sleep(followMs, undefined, { signal: moved }).catch(() => {});
	return moved.aborted;
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
