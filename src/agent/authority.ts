import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../lib/whole-file.ts";
import { causeText, WeftError } from "../model/error.ts";
import {
	agentName,
	type Credentials,
	cannotKeep,
	fingerprint,
	isStoreHost,
	readCredentials,
	storeName,
	writeCredentials,
} from "./credentials.ts";

/** A certificate that signs others, and its key, as PEM. */
export interface Signer {
	readonly certificate: string;
	/** PKCS #8. */
	readonly key: string;
}

/** What makes certificates is large, and stays in memory: it is loaded when one is to be made. */
const certificates = () => import("./certificates.ts");

/** The cluster's certificate authority: on the host that embeds the store. */
export class Authority {
	readonly #signer: Signer;
	/** This host's own. */
	readonly credentials: Credentials;

	private constructor(signer: Signer, credentials: Credentials) {
		this.#signer = signer;
		this.credentials = credentials;
	}

	/**
	 * Reads the authority, or makes it at the first launch, with credentials for this host's own listener; those that lack, or are
	 * another cluster's, are made anew.
	 * @throws {WeftError} CONFIG_INVALID when files are damaged or cannot be written, or the key of an authority that was here is gone.
	 */
	static async open(dir: string, hostName: string): Promise<Authority> {
		const signer = readSigner(dir) ?? (await makeSigner(dir));
		const former = readCredentials(dir);
		if (former !== undefined && fingerprint(former.ca) === fingerprint(signer.certificate))
			return new Authority(signer, former);
		const { issue, request } = await certificates();
		const { csr, key } = await request(hostName);
		const certificate = await issue(signer, csr, [agentName, storeName]);
		const credentials = { ca: signer.certificate, certificate, key };
		await writeCredentials(dir, credentials);
		return new Authority(signer, credentials);
	}

	/** @returns Whether this host's certificate in `dir` is of an authority that it has itself. @throws {WeftError} CONFIG_INVALID */
	static isOwn(dir: string): boolean {
		const [signer, former] = [readSigner(dir), readCredentials(dir)];
		return signer !== undefined && former !== undefined && fingerprint(former.ca) === fingerprint(signer.certificate);
	}

	/** PEM. */
	get certificate(): string {
		return this.#signer.certificate;
	}

	/** @returns A member's certificate, as PEM. @throws When the request is no PKCS #10 request signed by its own key. */
	async admit(csr: string): Promise<string> {
		const { issue } = await certificates();
		return issue(this.#signer, csr, [agentName]);
	}
}

const signerFile = (dir: string) => join(dir, "ca.key");

/** @throws {WeftError} CONFIG_INVALID */
function readSigner(dir: string): Signer | undefined {
	const path = signerFile(dir);
	if (!existsSync(path)) return undefined;
	try {
		const text = readFileSync(path, "utf8");
		// Formerly the certificate stood in its own file alone.
		const certificate = pemBlock(text, "CERTIFICATE") ?? readFileSync(join(dir, "ca.crt"), "utf8");
		const signer = { key: pemBlock(text, "PRIVATE KEY") ?? "", certificate };
		if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(signer.key))) return signer;
	} catch (cause) {
		throw unusable(path, `it is damaged: ${causeText(cause)}`, cause);
	}
	throw unusable(path, "it is not the key of its certificate");
}

function pemBlock(text: string, label: string): string | undefined {
	return new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`).exec(text)?.[0];
}

/** Both in one file, so that there is an authority or there is none. */
async function makeSigner(dir: string): Promise<Signer> {
	const former = readCredentials(dir);
	if (former !== undefined && isStoreHost(former.certificate)) throw unusable(signerFile(dir), "it is gone");
	const signer = await (await certificates()).newSigner();
	try {
		mkdirSync(dir, { recursive: true, mode: 0o700 });
		await writeWhole(signerFile(dir), `${signer.key}\n${signer.certificate}\n`);
	} catch (cause) {
		throw cannotKeep(dir, cause);
	}
	return signer;
}

/** Members trust nobody else: a new authority would be a new cluster, and is made on demand only. */
function unusable(path: string, reason: string, cause?: unknown): WeftError {
	return new WeftError("CONFIG_INVALID", `Cannot use the cluster's authority in ${path}: ${reason}`, {
		fix: "restore it from a backup; or move the folder away and launch again, and let all other hosts join anew",
		...(cause === undefined ? {} : { cause }),
	});
}
