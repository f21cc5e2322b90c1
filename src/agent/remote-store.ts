import { WeftError } from "../model/error.ts";
import { stores } from "../store/registry.ts";
import type { Store } from "../store/store.ts";
import { type Credentials, readCredentials, storeName } from "./credentials.ts";
import { type Paths, paths } from "./paths.ts";
import { readStoreCredentials, type StoreCredentials } from "./store-credentials.ts";
import { storePlaceOf, storeSchemeOf } from "./store-url.ts";

/**
 * Opens the client of a store that is on another host. Nothing is sent yet.
 * @param credentials For a store of the user's own.
 * @throws {WeftError} ARGUMENT_INVALID, CONFIG_INVALID without a certificate of a `weft://` store's cluster.
 */
export async function openRemoteStore(
	storeUrl: string,
	agentPaths: Paths,
	credentials: StoreCredentials = readStoreCredentials(agentPaths, storeUrl),
): Promise<Store> {
	if (storeSchemeOf(storeUrl) === "weft") {
		return openMemberStore(storeUrl, memberCredentials(storeUrl, agentPaths));
	}
	const { scheme, tls: secure, urls, root } = storePlaceOf(storeUrl);
	const { ca, cert, key, user: name, password, token } = credentials;
	const tls = {
		...(ca === undefined ? {} : { ca }),
		...(cert === undefined || key === undefined ? {} : { cert, key }),
	};
	const options = { root, ...(secure ? { tls } : {}) };
	if (scheme === "consul") {
		const { openConsulStore } = await stores.consul();
		return openConsulStore(storeUrl, urls, { ...options, ...(token === undefined ? {} : { token }) });
	}
	const { openEtcdStore } = await stores.etcd();
	const user = name === undefined || password === undefined ? {} : { user: { name, password } };
	return openEtcdStore(storeUrl, urls, { ...options, ...user });
}

/** Opens the client of another host's embedded store, by a certificate of its authority. Nothing is sent yet. */
export async function openMemberStore(storeUrl: string, credentials: Credentials): Promise<Store> {
	const { ca, certificate: cert, key } = credentials;
	const { openEtcdStore } = await stores.weft();
	const tls = { ca, cert, key, serverName: storeName };
	const whenRefused = "join again: weft token on a member, and weft launch --join TOKEN here";
	return openEtcdStore(storeUrl, [storeUrl.replace("weft:", "https:")], { tls, whenRefused });
}

/** @throws {WeftError} CONFIG_INVALID */
export function memberCredentials(storeUrl: string, agentPaths: Paths): Credentials {
	const credentials = readCredentials(paths.pki(agentPaths));
	if (credentials !== undefined) return credentials;
	throw new WeftError(
		"CONFIG_INVALID",
		`Cannot use the store at ${storeUrl}: this host has no certificate of that cluster`,
		{ fix: "weft launch --join TOKEN" },
	);
}
