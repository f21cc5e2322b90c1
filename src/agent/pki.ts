import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto as never);

/** The name in the certificate of the agent that serves the embedded store: only the authority's own host has it. */
export const storeName = "weft-store";
/** The name in every member's certificate: joiners speak to any of them. */
export const agentName = "weft-agent";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const validityMs = 10 * 365 * 24 * 3600 * 1000;
/** RFC 5280, section 4.2.1.12. */
const [serverAuth, clientAuth] = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];

/** What a member shows to others, as PEM. */
export interface Credentials {
	/** The authority's certificate. */
	readonly ca: string;
	readonly certificate: string;
	/** The private key, PKCS #8. */
	readonly key: string;
}

const files = { ca: "ca.crt", certificate: "agent.crt", key: "agent.key" } as const;

/** @returns undefined when this host has none yet. */
export function readCredentials(dir: string): Credentials | undefined {
	if (!Object.values(files).every((file) => existsSync(join(dir, file)))) return undefined;
	const read = (file: string) => readFileSync(join(dir, file), "utf8");
	return { ca: read(files.ca), certificate: read(files.certificate), key: read(files.key) };
}

export function writeCredentials(dir: string, credentials: Credentials): void {
	mkdirSync(dir, { recursive: true, mode: 0o700 });
	for (const [name, file] of Object.entries(files))
		writeFileSync(join(dir, file), credentials[name as keyof typeof files], { mode: 0o600 });
}

/** @returns SHA-256 of the certificate's DER form, in lower-case hex: what a join token carries. */
export function fingerprint(certificatePem: string): string {
	return createHash("sha256")
		.update(Buffer.from(new x509.X509Certificate(certificatePem).rawData))
		.digest("hex");
}

/** The cluster's certificate authority: on the host that embeds the store. */
export class Authority {
	readonly #key: webcrypto.CryptoKey;
	readonly #certificate: x509.X509Certificate;

	private constructor(key: webcrypto.CryptoKey, certificate: x509.X509Certificate) {
		this.#key = key;
		this.#certificate = certificate;
	}

	/** Reads the authority, or makes it at the first launch, with credentials for this host's own listener. */
	static async open(dir: string, hostName: string): Promise<Authority> {
		const keyFile = join(dir, "ca.key");
		if (existsSync(keyFile)) {
			const pkcs8 = x509.PemConverter.decodeFirst(readFileSync(keyFile, "utf8"));
			const key = await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
			return new Authority(key, new x509.X509Certificate(readFileSync(join(dir, files.ca), "utf8")));
		}
		const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
		const certificate = await x509.X509CertificateGenerator.createSelfSigned({
			...validity(),
			name: "CN=weft cluster authority",
			keys,
			signingAlgorithm: algorithm,
			extensions: [
				new x509.BasicConstraintsExtension(true, 0, true),
				new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
			],
		});
		const authority = new Authority(keys.privateKey, certificate);
		const own = await request(hostName);
		writeCredentials(dir, {
			ca: authority.certificate,
			key: own.key,
			certificate: await authority.#issue(own.csr, [agentName, storeName]),
		});
		writeFileSync(keyFile, await privatePem(keys.privateKey), { mode: 0o600 });
		return authority;
	}

	/** PEM. */
	get certificate(): string {
		return this.#certificate.toString("pem");
	}

	/** @returns A member's certificate, as PEM. @throws When the request is no PKCS #10 request signed by its own key. */
	admit(csr: string): Promise<string> {
		return this.#issue(csr, [agentName]);
	}

	async #issue(csr: string, names: readonly string[]): Promise<string> {
		const asked = await readRequest(csr);
		const certificate = await x509.X509CertificateGenerator.create({
			...validity(),
			subject: asked.subject,
			issuer: this.#certificate.subject,
			publicKey: asked.publicKey,
			signingKey: this.#key,
			signingAlgorithm: algorithm,
			extensions: [
				new x509.BasicConstraintsExtension(false, undefined, true),
				new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth], true),
				new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
			],
		});
		return certificate.toString("pem");
	}
}

/** @throws {TypeError} It is not signed by its own key; what the parser throws when it is no PKCS #10 request. */
async function readRequest(csr: string): Promise<x509.Pkcs10CertificateRequest> {
	const asked = new x509.Pkcs10CertificateRequest(csr);
	if (!(await asked.verify())) throw new TypeError("the certificate request is not signed by its own key");
	return asked;
}

/** @returns SHA-256 of the public key that the request is about: who asks. @throws As {@link readRequest}. */
export async function fingerprintOfRequest(csr: string): Promise<string> {
	const { publicKey } = await readRequest(csr);
	return createHash("sha256").update(Buffer.from(publicKey.rawData)).digest("hex");
}

/** Certificates are valid from a day ago: clocks of hosts differ. */
function validity(): { notBefore: Date; notAfter: Date } {
	const now = Date.now();
	return { notBefore: new Date(now - 24 * 3600 * 1000), notAfter: new Date(now + validityMs) };
}

/** @returns A new key, and the request (PKCS #10) for its certificate. */
export async function request(hostName: string): Promise<{ csr: string; key: string }> {
	const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
	const csr = await x509.Pkcs10CertificateRequestGenerator.create({
		name: [{ CN: [hostName] }],
		keys,
		signingAlgorithm: algorithm,
	});
	return { csr: csr.toString("pem"), key: await privatePem(keys.privateKey) };
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
	return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
