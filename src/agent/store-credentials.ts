import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeWhole } from "../lib/whole-file.ts";
import { causeText, WeftError } from "../model/error.ts";
import type { StoreFlags } from "../model/launch.ts";
import { type Paths, paths } from "./paths.ts";
import { storePlaceOf } from "./store-url.ts";

/** What this host shows to a store of the user's own, and what it proves that with. */
export interface StoreCredentials {
	/** PEM. */
	readonly ca?: string;
	readonly cert?: string;
	readonly key?: string;
	/** etcd's. */
	readonly user?: string;
	readonly password?: string;
	/** Consul's. */
	readonly token?: string;
}

interface Kept {
	/** The store that they are for: they are shown to no other. */
	readonly storeUrl: string;
	readonly credentials: StoreCredentials;
}

/** @returns What was given for that store; nothing for another. @throws {WeftError} CONFIG_INVALID when it is damaged. */
export function readStoreCredentials(agentPaths: Paths, storeUrl: string): StoreCredentials {
	const path = paths.storeCredentials(agentPaths);
	if (!existsSync(path)) return {};
	try {
		const kept = JSON.parse(readFileSync(path, "utf8")) as Kept;
		return kept.storeUrl === storeUrl ? kept.credentials : {};
	} catch {
		// What the parser says repeats what it read.
		throw new WeftError("CONFIG_INVALID", `Cannot use the store's credentials in ${path}: they are damaged`, {
			fix: `rm ${path}, and weft launch with --store and the --store-… flags again`,
		});
	}
}

/** Keeps them for the next start, readable by root alone. @throws {WeftError} CONFIG_INVALID */
export async function writeStoreCredentials(agentPaths: Paths, kept: Kept): Promise<void> {
	const path = paths.storeCredentials(agentPaths);
	try {
		await writeWhole(path, JSON.stringify(kept));
	} catch (cause) {
		throw new WeftError("CONFIG_INVALID", `Cannot keep the store's credentials in ${path}: ${causeText(cause)}`, {
			fix: `check that it can be written and has room: df -h ${path}`,
			cause,
		});
	}
}

const flagOf = {
	ca: "--store-ca",
	cert: "--store-cert",
	key: "--store-key",
	user: "--store-user",
	password: "--store-password-file",
	token: "--store-token-file",
} as const;

type Part = keyof typeof flagOf;

/**
 * @param former What is kept for the same store: a flag replaces its own part of it.
 * @returns The credentials, read and checked. @throws {WeftError} ARGUMENT_INVALID
 */
export function credentialsFor(storeUrl: string, flags: StoreFlags, former: StoreCredentials): StoreCredentials {
	const given: StoreCredentials = {
		...former,
		...fromFile("ca", flags.ca),
		...fromFile("cert", flags.cert),
		...fromFile("key", flags.key),
		...(flags.user === undefined ? {} : { user: flags.user }),
		...fromFile("password", flags.passwordFile),
		...fromFile("token", flags.tokenFile),
	};
	if (Object.keys(given).length > 0) check(storeUrl, given);
	return given;
}

function fromFile(part: Part, path: string | undefined): StoreCredentials {
	if (path === undefined) return {};
	let text: string;
	try {
		text = readFileSync(path, "utf8").trim();
	} catch (cause) {
		throw invalid(`Cannot read ${flagOf[part]} ${path}`, "check the path, and that it is a file", cause);
	}
	const wrong = problem(part, text);
	if (wrong !== undefined) throw invalid(`Cannot use ${flagOf[part]} ${path}: ${wrong}`, "check what the file holds");
	return { [part]: text };
}

function problem(part: Part, text: string): string | undefined {
	if (text === "") return "it is empty";
	try {
		if (part === "ca" || part === "cert") void new X509Certificate(text);
		if (part === "key") createPrivateKey(text);
	} catch {
		return part === "key" ? "it is no private key in PEM, or needs a password" : "it is no certificate in PEM";
	}
	// It goes into a header.
	return part === "token" && /[^\x21-\x7e]/.test(text) ? "it is no token" : undefined;
}

/** @throws {WeftError} ARGUMENT_INVALID One lacks another, or the store has no use for it. */
function check(storeUrl: string, given: StoreCredentials): void {
	const has = (part: Part) => given[part] !== undefined;
	const refuse = (part: Part, reason: string, fix: string) => {
		if (has(part)) throw invalid(`Cannot use ${flagOf[part]} with ${storeUrl}: ${reason}`, fix);
	};
	if (!/^(etcds?|consuls?):/.test(storeUrl))
		for (const part of Object.keys(flagOf) as Part[])
			refuse(part, "it is not a store of your own", "omit it, or name an etcd or a Consul with --store");
	const { scheme, tls } = storePlaceOf(storeUrl);
	if (!tls)
		for (const part of ["ca", "cert", "key"] as const)
			refuse(part, "that is without TLS", `weft launch --store ${storeUrl.replace(scheme, `${scheme}s`)}`);
	if (scheme === "etcd") refuse("token", "etcd has users", "--store-user NAME --store-password-file FILE");
	for (const part of ["user", "password"] as const)
		if (scheme === "consul") refuse(part, "Consul has tokens", "--store-token-file FILE");
	for (const [one, other] of [
		["cert", "key"],
		["user", "password"],
	] as const)
		if (has(one) !== has(other)) {
			const [there, lacking] = has(one) ? [one, other] : [other, one];
			throw invalid(`Cannot use ${flagOf[there]} without ${flagOf[lacking]}`, `add ${flagOf[lacking]}`);
		}
	if (given.cert !== undefined && given.key !== undefined)
		if (!new X509Certificate(given.cert).checkPrivateKey(createPrivateKey(given.key)))
			throw invalid("Cannot use --store-key: it is not the key of --store-cert", "name the two files of one pair");
}

function invalid(message: string, fix: string, cause?: unknown): WeftError {
	return new WeftError("ARGUMENT_INVALID", message, { fix, ...(cause === undefined ? {} : { cause }) });
}
