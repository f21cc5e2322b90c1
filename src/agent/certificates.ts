import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Signer } from "./authority.ts";

x509.cryptoProvider.set(webcrypto as never);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const validityMs = 10 * 365 * 24 * 3600 * 1000;
/** RFC 5280, section 4.2.1.12. */
const [serverAuth, clientAuth] = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];

/** @returns A new certificate authority. */
export async function newSigner(): Promise<Signer> {
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
	return { certificate: certificate.toString("pem"), key: await privatePem(keys.privateKey) };
}

/**
 * @param names The DNS names in the certificate.
 * @returns A certificate for the key of the request (PKCS #10, PEM). @throws As {@link readRequest}.
 */
export async function issue({ certificate, key }: Signer, csr: string, names: readonly string[]): Promise<string> {
	const asked = await readRequest(csr);
	const pkcs8 = x509.PemConverter.decodeFirst(key);
	const issued = await x509.X509CertificateGenerator.create({
		...validity(),
		subject: asked.subject,
		issuer: new x509.X509Certificate(certificate).subject,
		publicKey: asked.publicKey,
		signingKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]),
		signingAlgorithm: algorithm,
		extensions: [
			new x509.BasicConstraintsExtension(false, undefined, true),
			new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth], true),
			new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
		],
	});
	return issued.toString("pem");
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
