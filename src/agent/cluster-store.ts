import { existsSync } from "node:fs";
import type { Logger } from "pino";
import { FreezableStore, moveIn } from "../control/freeze.ts";
import { arrive } from "../control/upkeep/move-target.ts";
import { WeftError } from "../model/error.ts";
import { keys } from "../model/keys.ts";
import type { TokenView } from "../model/view.ts";
import { type EmbeddedStore, openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { type Admit, admitByStoreHost, admitHere } from "./admission.ts";
import { Authority } from "./authority.ts";
import { fingerprint } from "./credentials.ts";
import { agentPort, type Identity } from "./identity.ts";
import { listenForHosts } from "./listener.ts";
import { type Paths, paths } from "./paths.ts";
import { memberCredentials, openRemoteStore } from "./remote-store.ts";
import { announceStore, type StoreMove } from "./store-move.ts";
import { storeSchemeOf } from "./store-url.ts";
import type { TellClosed } from "./strangers.ts";
import { agentAddresses, createToken } from "./tokens.ts";

/** The cluster's store as this host uses it. */
export interface ClusterStore {
	/** For all that this host wants of it: frozen while its contents move. */
	readonly store: Store;
	/** The same, never frozen: for those who move them. */
	readonly bare: Store;
	/** This host's own database, from which the cluster's state has left: it tells those who were away where to. */
	readonly former?: EmbeddedStore;
	/** @throws {WeftError} CONFIG_INVALID where no tokens are used. */
	createToken(ttlSeconds: number): Promise<TokenView>;
	close(): Promise<void>;
}

interface Place {
	readonly paths: Paths;
	readonly log: Logger;
	/** The store's host has got another address. */
	readonly onStoreMove: (move: StoreMove) => Promise<void>;
}

/** Opens the store that the identity names; the embedded one is served to other hosts, and all its hosts let others join. */
export async function openClusterStore(
	identity: Identity,
	{ paths: agentPaths, log, onStoreMove }: Place,
): Promise<ClusterStore> {
	switch (storeSchemeOf(identity.storeUrl)) {
		case "sqlite":
			return embeddedStore(identity, agentPaths, log);
		case "weft":
			return memberStore(identity, { paths: agentPaths, log, onStoreMove });
		case "etcd":
		case "consul":
			return ownStore(identity, agentPaths, log);
	}
}

async function embeddedStore(identity: Identity, agentPaths: Paths, log: Logger): Promise<ClusterStore> {
	const authority = await Authority.open(paths.pki(agentPaths), identity.name);
	const { credentials } = authority;
	// Made at the launch: an agent that began with an empty one would take down all that runs.
	const bare = await openSqliteStore(paths.storeDb(agentPaths), { create: false });
	// The identity says that it has arrived.
	const move = moveIn(await bare.get(keys.moving));
	if (move?.state === "arriving") await arrive(bare, move.id);
	const store = new FreezableStore(bare);
	const address = `${identity.vtep}:${agentPort}`;
	const listener = await listenForHosts({
		store: bare,
		admit: admitHere(store, authority, `weft://${address}`),
		credentials,
		address: identity.vtep,
		port: agentPort,
		onStrangersClosed: strangersLog(log),
	});
	log.info({ address }, "serving the embedded store to other hosts");
	const endAnnouncing = announceStore(store, identity.id, { storeUrl: `weft://${address}` }, { credentials, log });
	return {
		store,
		bare,
		createToken: (ttlSeconds) => newToken(store, address, credentials.ca, ttlSeconds),
		async close() {
			endAnnouncing();
			await listener.close();
			await store.close();
		},
	};
}

function strangersLog(log: Logger): TellClosed {
	return (closed) =>
		log.warn(closed, "closed connections that showed no certificate and took too long, or were too many");
}

async function newToken(store: Store, storeAddress: string, ca: string, ttlSeconds: number): Promise<TokenView> {
	const now = Date.now();
	const expiresAt = now + ttlSeconds * 1000;
	// The store's host first: the others would ask it.
	const addresses = [...new Set([storeAddress, ...(await agentAddresses(store))])];
	const token = await createToken(store, { addresses, fingerprint: fingerprint(ca), expiresAt }, now);
	return { token, expiresAt: new Date(expiresAt).toISOString() };
}

async function memberStore(
	{ storeUrl, vtep }: Identity,
	{ paths: agentPaths, log, onStoreMove }: Place,
): Promise<ClusterStore> {
	const credentials = memberCredentials(storeUrl, agentPaths);
	const admit = admitByStoreHost(storeUrl, credentials);
	const listener = await listenForHosts({
		credentials,
		address: vtep,
		port: agentPort,
		admit,
		onStrangersClosed: strangersLog(log),
		onStoreMove: async (move) => {
			if (move.storeUrl !== storeUrl) await onStoreMove(move);
		},
	});
	log.info({ address: `${vtep}:${agentPort}` }, "letting other hosts join");
	const bare = await openRemoteStore(storeUrl, agentPaths);
	const store = new FreezableStore(bare);
	const storeAddress = storeUrl.slice("weft://".length);
	return {
		store,
		bare,
		createToken: (ttlSeconds) => newToken(store, storeAddress, credentials.ca, ttlSeconds),
		async close() {
			await listener.close();
			await store.close();
		},
	};
}

/** One that the user serves: each host comes to it by itself. */
async function ownStore({ storeUrl, vtep, name }: Identity, agentPaths: Paths, log: Logger): Promise<ClusterStore> {
	const bare = await openRemoteStore(storeUrl, agentPaths);
	const noTokens = async () => {
		throw new WeftError(
			"CONFIG_INVALID",
			"Cannot make a join token: the store is one of your own, which other hosts use directly",
			{ fix: `weft launch --store ${storeUrl}, on the other host` },
		);
	};
	const former = await formerStore({ vtep, name }, { paths: agentPaths, log, admit: noTokens });
	return {
		store: new FreezableStore(bare),
		bare,
		...(former === undefined ? {} : { former: former.store }),
		createToken: noTokens,
		async close() {
			await former?.close();
			await bare.close();
		},
	};
}

/** Serves the embedded store that the cluster's state has left, to hosts that were down meanwhile and look for it here. */
async function formerStore(
	{ vtep, name }: Pick<Identity, "vtep" | "name">,
	{ paths: agentPaths, log, admit }: { readonly paths: Paths; readonly log: Logger; readonly admit: Admit },
): Promise<{ readonly store: EmbeddedStore; close(): Promise<void> } | undefined> {
	if (!existsSync(paths.storeDb(agentPaths)) || !Authority.isOwn(paths.pki(agentPaths))) return undefined;
	const store = await openSqliteStore(paths.storeDb(agentPaths), { create: false });
	if (moveIn(await store.get(keys.moving))?.state !== "left") {
		await store.close();
		return undefined;
	}
	const { credentials } = await Authority.open(paths.pki(agentPaths), name);
	const address = { address: vtep, port: agentPort };
	const listener = await listenForHosts({
		store,
		admit,
		credentials,
		...address,
		onStrangersClosed: strangersLog(log),
	});
	log.info(address, "telling hosts that were away where the cluster's state went");
	return {
		store,
		async close() {
			await listener.close();
			await store.close();
		},
	};
}
