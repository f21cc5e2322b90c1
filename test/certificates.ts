import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { issue, newSigner, request } from "../src/agent/certificates.ts";

/** An authority, what it signed for a server at "localhost", and for a client. Texts are PEM, `files` the paths of the same. */
export interface TestCertificates {
	readonly ca: string;
	readonly cert: string;
	readonly key: string;
	readonly files: Readonly<Record<"ca" | "serverCert" | "serverKey" | "cert" | "key", string>>;
}

/** @param dir Where the files go. @param serverNames What the server may be called. */
export async function testCertificates(dir: string, serverNames = ["localhost"]): Promise<TestCertificates> {
	const signer = await newSigner();
	const [server, client] = [await request("server"), await request("client")];
	const serverCert = await issue(signer, server.csr, serverNames);
	const cert = await issue(signer, client.csr, ["client"]);
	const texts = { ca: signer.certificate, serverCert, serverKey: server.key, cert, key: client.key };
	const file = (name: keyof typeof texts): string => {
		const path = join(dir, `${name}.pem`);
		writeFileSync(path, texts[name], { mode: 0o600 });
		return path;
	};
	const files = {
		ca: file("ca"),
		serverCert: file("serverCert"),
		serverKey: file("serverKey"),
		cert: file("cert"),
		key: file("key"),
	};
	return { ca: signer.certificate, cert, key: client.key, files };
}
