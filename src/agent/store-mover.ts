import { randomBytes } from "node:crypto";
import { abortMove } from "../control/upkeep/abort-move.ts";
import { moveState } from "../control/upkeep/move-state.ts";
import { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import type { Move } from "../model/move.ts";
import type { MoveStepView } from "../model/view.ts";
import type { Store } from "../store/store.ts";
import type { ClusterStore } from "./cluster-store.ts";
import { fingerprint } from "./credentials.ts";
import { agentPort, type Identity } from "./identity.ts";
import { ownAuthority, ownStore } from "./own-store.ts";
import type { Paths } from "./paths.ts";
import { openRemoteStore } from "./remote-store.ts";
import { storeSchemeOf } from "./store-url.ts";
import { createToken } from "./tokens.ts";

/** A host that is down for longer has to join by hand. */
const tokenTtlMs = 24 * 3600 * 1000;

interface Opened {
	readonly store: Store;
	/** What others are to use. */
	readonly url: string;
	readonly storeHost?: string;
	readonly tokens: (hosts: readonly Host[]) => Promise<Readonly<Record<string, string>>>;
	close(): Promise<void>;
}

/** Moves the cluster's state to another store, on behalf of a person at this host. */
export class StoreMover {
	readonly #identity: Identity;
	readonly #paths: Paths;
	readonly #cluster: ClusterStore;
	#running: Promise<void> = Promise.resolve();

	constructor(identity: Identity, agentPaths: Paths, cluster: ClusterStore) {
		this.#identity = identity;
		this.#paths = agentPaths;
		this.#cluster = cluster;
	}

	/** Settles when no move is under way here. */
	idle(): Promise<void> {
		return this.#running;
	}

	/** @throws {WeftError} As {@link moveState}; ARGUMENT_INVALID for a store that cannot be moved to from here. */
	async *migrate(to: string, signal: AbortSignal): AsyncIterable<MoveStepView> {
		this.#check(to);
		const steps: MoveStepView[] = [];
		let wake = () => {};
		const moving = this.#move(to, signal, (step) => {
			steps.push(step);
			wake();
		});
		const ended = moving.then(
			() => true,
			() => true,
		);
		// Who follows waits until the last step was told.
		const told = Promise.withResolvers<void>();
		this.#running = told.promise;
		try {
			for (let over = false; !over || steps.length > 0; ) {
				const step = steps.shift();
				if (step !== undefined) yield step;
				else if (!over)
					over = await Promise.race([ended, new Promise<false>((resolve) => (wake = () => resolve(false)))]);
			}
			await moving;
		} finally {
			await ended;
			told.resolve();
		}
	}

	/** @returns What was ended. */
	abort(): Promise<Move | undefined> {
		return abortMove(this.#cluster.bare);
	}

	#check(to: string): void {
		const scheme = storeSchemeOf(to);
		if (scheme === "weft")
			throw new WeftError("ARGUMENT_INVALID", `Cannot move the cluster's state to ${to} from here`, {
				fix: "weft store migrate --to sqlite:, on the host whose embedded store it is to be",
			});
		if (to === this.#identity.storeUrl || (scheme === "sqlite" && storeSchemeOf(this.#identity.storeUrl) === "sqlite"))
			throw new WeftError("ARGUMENT_INVALID", `Cannot move the cluster's state to ${to}: it is there`, {
				fix: "weft status tells where the state is",
			});
		if (scheme === "sqlite" && to !== "sqlite:")
			throw new WeftError(
				"ARGUMENT_INVALID",
				`Cannot move the cluster's state to ${to}: its file is weft's to choose`,
				{
					fix: "weft store migrate --to sqlite:",
				},
			);
	}

	async #move(to: string, signal: AbortSignal, onStep: (step: MoveStepView) => void): Promise<void> {
		const target = storeSchemeOf(to) === "sqlite" ? await this.#openOwn() : await this.#openRemote(to);
		const { id: self, name } = this.#identity;
		try {
			await moveState({
				source: this.#cluster.bare,
				target: target.store,
				move: {
					id: randomBytes(16).toString("hex"),
					state: "leaving",
					to: target.url,
					by: name,
					at: new Date().toISOString(),
					...(target.storeHost === undefined ? {} : { storeHost: target.storeHost }),
				},
				self,
				tokens: target.tokens,
				onStep,
				signal,
			});
		} finally {
			await target.close();
		}
	}

	async #openRemote(to: string): Promise<Opened> {
		const store = await openRemoteStore(to, this.#paths);
		return { store, url: to, tokens: async () => ({}), close: () => store.close() };
	}

	/** This host's own database, with an authority that lets the other hosts join. */
	async #openOwn(): Promise<Opened> {
		const { store, close } = await ownStore(this.#paths, this.#cluster);
		const address = `${this.#identity.vtep}:${agentPort}`;
		const { credentials } = await ownAuthority(this.#paths, this.#identity.name);
		return {
			store,
			url: `weft://${address}`,
			storeHost: this.#identity.id,
			tokens: async (hosts) => {
				const now = Date.now();
				const token = { addresses: [address], fingerprint: fingerprint(credentials.ca), expiresAt: now + tokenTtlMs };
				const made: Record<string, string> = {};
				for (const { id } of hosts) if (id !== this.#identity.id) made[id] = await createToken(store, token, now);
				return made;
			},
			close,
		};
	}
}
