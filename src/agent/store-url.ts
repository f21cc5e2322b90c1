import { WeftError } from "../model/error.ts";
import type { stores } from "../store/registry.ts";

export type StoreScheme = keyof typeof stores;

/** Where a store is that other programs serve. */
export interface StorePlace {
	readonly scheme: "etcd" | "consul";
	readonly tls: boolean;
	/** "http://host:port" or "https://host:port" of each server. */
	readonly urls: readonly string[];
	/** What all keys stand below, with a slash behind it. */
	readonly root: string;
}

const schemes: Readonly<Record<string, StoreScheme>> = {
	sqlite: "sqlite",
	weft: "weft",
	etcd: "etcd",
	etcds: "etcd",
	consul: "consul",
	consuls: "consul",
};

/** Consul's HTTPS API is off by default, and has this port by custom. */
const ports: Readonly<Record<string, number>> = { etcd: 2379, etcds: 2379, consul: 8500, consuls: 8501 };

/** @throws {WeftError} ARGUMENT_INVALID */
export function storeSchemeOf(storeUrl: string): StoreScheme {
	const scheme = /^([a-z]+):/.exec(storeUrl)?.[1];
	if (scheme !== undefined && Object.hasOwn(schemes, scheme)) return schemes[scheme] ?? "sqlite";
	throw unknownStore(storeUrl, `weft knows ${Object.keys(schemes).join(", ")}`);
}

/** @param storeUrl "etcds://a:2379,b:2379/root" and the like. @throws {WeftError} ARGUMENT_INVALID */
export function storePlaceOf(storeUrl: string): StorePlace {
	const scheme = storeSchemeOf(storeUrl);
	const form = /^([a-z]+):(?:\/\/)?([^/]*)(?:\/(.*))?$/.exec(storeUrl);
	if ((scheme !== "etcd" && scheme !== "consul") || form === null)
		throw unknownStore(storeUrl, "it is of another kind");
	const [, written = "", servers = "", path = ""] = form;
	const root = path.replace(/\/$/, "") || "weft";
	if (!/^[\w.-]+(\/[\w.-]+)*$/.test(root))
		throw unknownStore(storeUrl, `"${path}" is no root for keys: letters, digits, "_.-" and "/" are possible`);
	if (servers.includes("@")) throw unknownStore(storeUrl, "a user stands in --store-user, and not in the URL");
	const tls = written.endsWith("s");
	const urls = servers.split(",").map((server) => {
		const parts = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/i.exec(server);
		if (parts === null) throw unknownStore(storeUrl, `"${server}" is no server`);
		return `${tls ? "https" : "http"}://${parts[1]}:${parts[2] ?? ports[written]}`;
	});
	return { scheme, tls, urls, root: `${root}/` };
}

function unknownStore(storeUrl: string, reason: string): WeftError {
	// What was typed may hold a password.
	const shown = storeUrl.replace(/\/\/[^/@]*@/, "//…@");
	return new WeftError("ARGUMENT_INVALID", `Cannot use the store "${shown}": ${reason}`, {
		fix: "weft launch --store etcd://10.0.0.5:2379,10.0.0.6:2379, or consul://10.0.0.5:8500, or omit --store for the embedded one",
	});
}
