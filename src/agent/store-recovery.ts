import { randomBytes } from "node:crypto";
import { FreezableStore, moveIn } from "../control/freeze.ts";
import { MoveTarget } from "../control/upkeep/move-target.ts";
import { putBack, type Remembered, remembered } from "../control/upkeep/put-back.ts";
import { repair } from "../control/upkeep/repair.ts";
import { isWeftError, WeftError } from "../model/error.ts";
import { keys, localKeys } from "../model/keys.ts";
import type { RecoverView } from "../model/view.ts";
import type { Store } from "../store/store.ts";
import type { Authority } from "./authority.ts";
import type { ClusterStore } from "./cluster-store.ts";
import { type Credentials, fingerprint } from "./credentials.ts";
import { agentPort } from "./identity.ts";
import { ownAuthority, ownStore } from "./own-store.ts";
import { openMemberStore } from "./remote-store.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreChange } from "./store-change.ts";
import { storeSchemeOf } from "./store-url.ts";
import { createToken } from "./tokens.ts";

/** Somebody types them, on one host after the other. */
const tokenTtlMs = 24 * 3600 * 1000;

/** What gets a cluster going again whose store is lost, on one of its hosts after the other. */
export class StoreRecovery {
	readonly #runtime: Runtime;
	readonly #cluster: ClusterStore;
	readonly #goOn: (change: StoreChange) => Promise<void>;

	/** @param goOn Notes another store, and uses it soon after. */
	constructor(runtime: Runtime, cluster: ClusterStore, goOn: (change: StoreChange) => Promise<void>) {
		this.#runtime = runtime;
		this.#cluster = cluster;
		this.#goOn = goOn;
	}

	/**
	 * Makes what this host remembers the cluster's state, in an embedded store on this host with a new authority.
	 * @throws {WeftError} CONFLICT when the store answers, or is this host's own; STORE_NOT_EMPTY
	 */
	async recover(): Promise<RecoverView> {
		const { identity, paths: agentPaths, log, control } = this.#runtime;
		const what = "recover the cluster's state";
		if ((await this.#former(what, "weft store migrate --to sqlite: moves it to this host")) === "left")
			throw new WeftError("CONFLICT", `Cannot ${what}: it is in another store by now`, {
				fix: "weft launch --join TOKEN, with one of weft token on a host that is there",
			});
		const memory = await this.#memory();
		const authority = await ownAuthority(agentPaths, identity.name);
		const { store, close } = await ownStore(agentPaths, this.#cluster);
		try {
			await fill(store, memory, { by: identity.name, nowMs: control.now() });
			const { networks, endpoints } = memory;
			const joins = await this.#joins(store, authority);
			await this.#goOn({ storeUrl: "sqlite:", ownAuthority: true });
			log.warn("what this host remembers is the cluster's state now");
			return { networks: networks.length, endpoints: endpoints.length, hosts: joins.length + 1, joins };
		} finally {
			await close();
		}
	}

	/** A token for each other host that this one knows. */
	async #joins(store: Store, authority: Authority): Promise<RecoverView["joins"]> {
		const { identity, view, control } = this.#runtime;
		const now = control.now();
		const addresses = [`${identity.vtep}:${agentPort}`];
		const token = { addresses, fingerprint: fingerprint(authority.certificate), expiresAt: now + tokenTtlMs };
		const joins: RecoverView["joins"][number][] = [];
		for (const { id, name, vtep } of [...view.hosts.values()].sort((a, b) => a.name.localeCompare(b.name))) {
			if (id === identity.id) continue;
			const hadStore = identity.storeUrl === `weft://${vtep}:${agentPort}`;
			joins.push({ host: name, hadStore, token: await createToken(store, token, now) });
		}
		return joins;
	}

	/**
	 * Joins the cluster of a token with all that runs here, as the own one's store is lost, or its state has left and this host could
	 * not follow. Of one that is lost, what this host remembers and the new store does not know is put back first.
	 * @throws {WeftError} CONFLICT when the own store answers; TOKEN_*, STORE_*
	 */
	async join(token: string): Promise<{ readonly storeUrl: string; readonly left: readonly string[] }> {
		const { identity, log } = this.#runtime;
		const former = await this.#former("join another cluster", "weft status tells of this one");
		const { joinCluster } = await import("./join-client.ts");
		const { storeUrl, ca, certificate, key } = await joinCluster(token, { hostName: identity.name });
		const credentials: Credentials = { ca, certificate, key };
		const store = new FreezableStore(await openMemberStore(storeUrl, credentials));
		try {
			const done = former === "lost" ? await putBack(store, await this.#memory(), identity.id) : undefined;
			log.warn({ storeUrl, ...done }, "joins another store");
			await this.#goOn({ storeUrl, credentials });
			return { storeUrl, left: done?.left ?? [] };
		} finally {
			await store.close();
		}
	}

	async #memory(): Promise<Remembered> {
		const { entries } = await this.#runtime.control.local.list(localKeys.copy);
		const copy = entries.map(({ key, value }) => ({ key: key.slice(localKeys.copy.length + 1), value }));
		return remembered(copy);
	}

	/** @throws {WeftError} CONFLICT when it is in use: two stores of one cluster would each have half of it. */
	async #former(what: string, fix: string): Promise<"lost" | "left"> {
		const { identity } = this.#runtime;
		if (storeSchemeOf(identity.storeUrl) === "sqlite")
			throw new WeftError("CONFLICT", `Cannot ${what}: this host has the cluster's store itself`, {
				fix: "weft status",
			});
		try {
			if (moveIn(await this.#cluster.bare.get(keys.moving))?.state === "left") return "left";
		} catch (error) {
			if (isWeftError(error, "STORE_UNREACHABLE", "TIMEOUT")) return "lost";
			throw error;
		}
		throw new WeftError("CONFLICT", `Cannot ${what}: the cluster's store at ${identity.storeUrl} answers`, { fix });
	}
}

/** The store stays marked as not whole until the agent uses it: a recovery that died before is done again. */
async function fill(
	store: Store,
	{ records }: Remembered,
	{ by, nowMs }: { readonly by: string; readonly nowMs: number },
): Promise<void> {
	const id = randomBytes(16).toString("hex");
	const at = new Date(nowMs).toISOString();
	const target = await MoveTarget.take(store, { id, state: "arriving", to: "sqlite:", by, at });
	const entries = records.map((record) => ({ ...record, revision: 1 }));
	await target.fill({ entries, revision: 1 }, () => {});
	// A copy may hold at one time what came one after the other.
	await repair(store, () => nowMs);
}
