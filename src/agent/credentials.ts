import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../lib/whole-file.ts";
import { causeText, WeftError } from "../model/error.ts";

/** The name in the certificate of the agent that serves the embedded store: only the authority's own host has it. */
export const storeName = "weft-store";
/** The name in every member's certificate: joiners speak to any of them. */
export const agentName = "weft-agent";

/** What a member shows to others, as PEM. */
export interface Credentials {
	/** The authority's certificate. */
	readonly ca: string;
	readonly certificate: string;
	/** The private key, PKCS #8. */
	readonly key: string;
}

const files = { ca: "ca.crt", certificate: "agent.crt", key: "agent.key" } as const;

/** @returns undefined when this host has none yet, or not all of them. @throws {WeftError} CONFIG_INVALID when they are damaged. */
export function readCredentials(dir: string): Credentials | undefined {
	if (!Object.values(files).every((file) => existsSync(join(dir, file)))) return undefined;
	const read = (file: string) => readFileSync(join(dir, file), "utf8");
	try {
		const credentials = { ca: read(files.ca), certificate: read(files.certificate), key: read(files.key) };
		check(credentials);
		return credentials;
	} catch (cause) {
		throw new WeftError("CONFIG_INVALID", `Cannot use this host's certificate in ${dir}: ${causeText(cause)}`, {
			fix: `restore ${Object.values(files).join(", ")} from a backup, or weft launch --join TOKEN; on the store's host, rm ${join(dir, files.key)} and start the agent`,
			cause,
		});
	}
}

/** @throws {Error} One of them is not readable, or they do not belong together. */
function check({ ca, certificate, key }: Credentials): void {
	const [own, authority] = [parse(files.certificate, certificate), parse(files.ca, ca)];
	if (!own.checkPrivateKey(named(files.key, () => createPrivateKey(key))))
		throw new Error(`${files.key} is not the key of ${files.certificate}`);
	if (!authority.verify(authority.publicKey)) throw new Error(`${files.ca} is damaged`);
	if (!own.verify(authority.publicKey)) throw new Error(`${files.certificate} is not signed by ${files.ca}`);
}

function parse(file: string, pem: string): X509Certificate {
	return named(file, () => new X509Certificate(pem));
}

function named<T>(file: string, work: () => T): T {
	try {
		return work();
	} catch (cause) {
		throw new Error(`${file} is damaged`, { cause });
	}
}

/**
 * Keeps credentials in the place of former ones. The key is taken away first and written last: without it, there are none.
 * @throws {WeftError} CONFIG_INVALID when the folder cannot be written, or is full.
 */
export async function writeCredentials(dir: string, credentials: Credentials): Promise<void> {
	try {
		mkdirSync(dir, { recursive: true, mode: 0o700 });
		await rm(join(dir, files.key), { force: true });
		await writeWhole(join(dir, files.ca), credentials.ca);
		await writeWhole(join(dir, files.certificate), credentials.certificate);
		await writeWhole(join(dir, files.key), credentials.key);
	} catch (cause) {
		throw cannotKeep(dir, cause);
	}
}

/** What a pki folder that cannot be written is told as. */
export function cannotKeep(dir: string, cause: unknown): WeftError {
	return new WeftError("CONFIG_INVALID", `Cannot keep certificates in ${dir}: ${causeText(cause)}`, {
		fix: `check that it can be written and has room: df -h ${dir}`,
		cause,
	});
}

/** @returns Whether a host of this certificate (PEM) is the authority's own. */
export function isStoreHost(certificatePem: string): boolean {
	return new X509Certificate(certificatePem).checkHost(storeName) !== undefined;
}

/** @returns SHA-256 of the certificate's DER form, in lower-case hex: what a join token carries. */
export function fingerprint(certificatePem: string): string {
	return createHash("sha256").update(new X509Certificate(certificatePem).raw).digest("hex");
}
