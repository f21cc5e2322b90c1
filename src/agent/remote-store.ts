import { WeftError } from "../model/error.ts";
import { stores } from "../store/registry.ts";
import type { Store } from "../store/store.ts";
import { type Credentials, readCredentials, storeName } from "./credentials.ts";
import { type Paths, paths } from "./paths.ts";

const etcdPort = 2379;

/** @returns "sqlite", "weft", "etcd". @throws {WeftError} ARGUMENT_INVALID */
export function storeSchemeOf(storeUrl: string): keyof typeof stores {
	const scheme = /^([a-z]+):/.exec(storeUrl)?.[1];
	if (scheme !== undefined && Object.hasOwn(stores, scheme)) return scheme as keyof typeof stores;
	throw unknownStore(storeUrl, `weft knows ${Object.keys(stores).join(", ")}`);
}

/**
 * Opens the client of a store that is on another host. Nothing is sent yet.
 * @throws {WeftError} ARGUMENT_INVALID, CONFIG_INVALID without a certificate of a `weft://` store's cluster.
 */
export async function openRemoteStore(storeUrl: string, agentPaths: Paths): Promise<Store> {
	if (storeSchemeOf(storeUrl) === "weft") {
		const { ca, certificate: cert, key } = memberCredentials(storeUrl, agentPaths);
		const { openEtcdStore } = await stores.weft();
		const tls = { ca, cert, key, serverName: storeName };
		return openEtcdStore(storeUrl, [storeUrl.replace("weft:", "https:")], { tls });
	}
	const { openEtcdStore } = await stores.etcd();
	return openEtcdStore(storeUrl, etcdServers(storeUrl));
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

/** @returns "http://host:port" of each. @throws {WeftError} ARGUMENT_INVALID */
export function etcdServers(storeUrl: string): string[] {
	return storeUrl
		.replace(/^etcd:(\/\/)?/, "")
		.split(",")
		.map((server) => {
			const form = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/i.exec(server);
			if (form !== null) return `http://${form[1]}:${form[2] ?? etcdPort}`;
			throw unknownStore(storeUrl, `"${server}" is no server`);
		});
}

function unknownStore(storeUrl: string, reason: string): WeftError {
	return new WeftError("ARGUMENT_INVALID", `Cannot use the store "${storeUrl}": ${reason}`, {
		fix: "weft launch --store etcd://10.0.0.5:2379,10.0.0.6:2379, or omit --store for the embedded one",
	});
}
