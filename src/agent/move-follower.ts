import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { moveIn } from "../control/freeze.ts";
import { arrive } from "../control/upkeep/move-target.ts";
import { causeText } from "../model/error.ts";
import { keys } from "../model/keys.ts";
import type { Move, MoveAnswer } from "../model/move.ts";
import { Mirror } from "../reconcile/mirror.ts";
import type { Store } from "../store/store.ts";
import { type Credentials, fingerprint, readCredentials } from "./credentials.ts";
import type { Identity } from "./identity.ts";
import { type Paths, paths } from "./paths.ts";
import { openMemberStore, openRemoteStore } from "./remote-store.ts";
import type { StoreChange } from "./store-change.ts";
import { storeSchemeOf } from "./store-url.ts";
import { parseToken } from "./tokens.ts";

const [firstRetryMs, longestRetryMs] = [200, 5_000];
/**
 * A host whose embedded store went to another host's goes last: those that have not heard of it yet hear it from here, and its own
 * certificate is not good for that any more.
 */
const lastMs = 5_000;

export interface FollowerOptions {
	/** The store that is used now, and not a freezable one. */
	readonly store: Store;
	readonly identity: Identity;
	readonly paths: Paths;
	readonly log: Logger;
	/** Waits for what this host itself does about a move. */
	readonly idle: () => Promise<void>;
	/** Told where to go on, once the store is reached there. */
	readonly onChange: (change: StoreChange) => Promise<void>;
}

/** Goes along when the cluster's state moves to another store: says beforehand whether it can, and follows afterwards. */
export class MoveFollower {
	readonly #options: FollowerOptions;
	readonly #ended = new AbortController();
	readonly #mirror: Mirror;
	#following = false;

	constructor(options: FollowerOptions) {
		this.#options = options;
		this.#mirror = new Mirror({
			store: options.store,
			prefix: keys.moving,
			onChange: (key, value) => {
				const move = value === undefined ? undefined : moveIn({ value });
				if (key === keys.moving && move !== undefined) this.#note(move);
			},
			onBatch: () => {},
		});
	}

	close(): void {
		this.#ended.abort();
		this.#mirror.close();
	}

	#note(move: Move): void {
		if (move.state === "leaving") void this.#answer(move);
		if (move.state !== "left" || this.#following) return;
		this.#following = true;
		void this.#follow(move);
	}

	async #answer(move: Move): Promise<void> {
		const { store, identity, log } = this.#options;
		const error = await this.#obstacle(move.to);
		const answer: MoveAnswer = { id: move.id, ...(error === undefined ? {} : { error }) };
		const put = { put: `${keys.moving}/${identity.id}`, value: JSON.stringify(answer) };
		await store.txn([], [put]).catch((cause: unknown) => log.warn({ cause: causeText(cause) }, "cannot answer a move"));
	}

	/** @returns Why this host cannot use that store. An embedded one is not there before all is in it. */
	async #obstacle(to: string): Promise<string | undefined> {
		try {
			if (storeSchemeOf(to) === "weft") return undefined;
			const target = await openRemoteStore(to, this.#options.paths);
			try {
				await target.get(keys.moving);
				return undefined;
			} finally {
				await target.close();
			}
		} catch (cause) {
			return causeText(cause);
		}
	}

	async #follow(move: Move): Promise<void> {
		const { signal } = this.#ended;
		const { log, identity, onChange } = this.#options;
		await this.#options.idle();
		if (storeSchemeOf(identity.storeUrl) === "sqlite" && storeSchemeOf(move.to) === "weft") await this.#wait(lastMs);
		for (let delayMs = firstRetryMs; !signal.aborted; delayMs = Math.min(delayMs * 2, longestRetryMs)) {
			try {
				const change = await this.#reach(move);
				if (change !== undefined && !signal.aborted) return await onChange(change);
			} catch (cause) {
				log.warn({ to: move.to, cause: causeText(cause) }, "cannot go where the cluster's state went: trying again");
			}
			await this.#wait(delayMs);
		}
	}

	/** @returns undefined when the store there is not to be used yet. */
	async #reach(move: Move): Promise<StoreChange | undefined> {
		const { identity, paths: agentPaths } = this.#options;
		if (move.storeHost === identity.id) {
			const [next, own] = [paths.pkiNext(agentPaths), { storeUrl: "sqlite:" }];
			return readCredentials(next) === undefined ? own : { ...own, ownAuthority: true };
		}
		const credentials = storeSchemeOf(move.to) === "weft" ? await this.#credentials(move) : undefined;
		const target =
			credentials === undefined
				? await openRemoteStore(move.to, agentPaths)
				: await openMemberStore(move.to, credentials);
		try {
			if (!(await arrive(target, move.id))) return undefined;
			return { storeUrl: move.to, ...(credentials === undefined ? {} : { credentials }) };
		} finally {
			await target.close();
		}
	}

	/** Those that this host has, where they are of that authority; else it joins by the token that was put there for it. */
	async #credentials({ tokens = {} }: Move): Promise<Credentials> {
		const { identity, paths: agentPaths } = this.#options;
		const own = readCredentials(paths.pki(agentPaths));
		const token = tokens[identity.id];
		if (token === undefined) {
			if (own !== undefined) return own;
			throw new Error("there is no token for this host: weft launch --join TOKEN, with one of weft token there");
		}
		if (own !== undefined && fingerprint(own.ca) === parseToken(token).fingerprint) return own;
		const { joinCluster } = await import("./join-client.ts");
		const { ca, certificate, key } = await joinCluster(token, { hostName: identity.name });
		return { ca, certificate, key };
	}

	async #wait(ms: number): Promise<void> {
		await sleep(ms, undefined, { signal: this.#ended.signal }).catch(() => {});
	}
}
