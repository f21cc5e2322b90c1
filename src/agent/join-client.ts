import { createHash } from "node:crypto";
import { request as httpsRequest } from "node:https";
import { connect } from "node:tls";
import { causeText, type ErrorBody, isWeftError, WeftError } from "../model/error.ts";
import { type Credentials, request, storeName } from "./pki.ts";
import { parseToken } from "./tokens.ts";

const timeoutMs = 3_000;

/** What a host that was admitted goes on with. */
export interface Admission extends Credentials {
	readonly storeUrl: string;
}

/**
 * Joins a cluster: the addresses of the token are tried in turn, 3 s each.
 * @throws {WeftError} TOKEN_INVALID, TOKEN_USED, TOKEN_EXPIRED, STORE_UNREACHABLE, STORE_REFUSED for a host with another authority.
 */
export async function joinCluster(text: string, { hostName }: { hostName: string }): Promise<Admission> {
	const token = parseToken(text);
	const { csr, key } = await request(hostName);
	const failures: string[] = [];
	for (const address of token.addresses) {
		const [host = "", port = ""] = address.split(":");
		try {
			// Whom we speak to is known before the secret is told.
			const ca = await authorityOf(host, Number(port), token.fingerprint);
			const body = await post(host, Number(port), ca, JSON.stringify({ secret: token.secret, csr }));
			const admission = JSON.parse(body) as { certificate: string; ca: string; storeUrl: string };
			return { ...admission, key };
		} catch (error) {
			if (isWeftError(error)) throw error;
			failures.push(`${address}: ${causeText(error)}`);
		}
	}
	throw new WeftError(
		"STORE_UNREACHABLE",
		`Cannot join: none of the token's agents answered (${token.addresses.join(", ")})`,
		{
			fix: "check that TCP to that port passes, and weft status on that host",
			cause: failures.join("; "),
		},
	);
}

/** @returns The certificate (PEM) of the authority behind the listener, once its fingerprint is the token's. */
function authorityOf(host: string, port: number, fingerprint: string): Promise<string> {
	return new Promise((resolve, reject) => {
		// The chain is judged right below, by the fingerprint: there is no other trust yet.
		const socket = connect({ host, port, servername: storeName, rejectUnauthorized: false, timeout: timeoutMs });
		socket.once("error", reject);
		socket.once("timeout", () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
		socket.once("secureConnect", () => {
			const issuer = socket.getPeerCertificate(true).issuerCertificate;
			socket.destroy();
			const seen = issuer === undefined ? "none" : createHash("sha256").update(issuer.raw).digest("hex");
			if (seen === fingerprint) resolve(pemOf(issuer.raw));
			else
				reject(
					new WeftError(
						"STORE_REFUSED",
						`Cannot join by ${host}:${port}: its authority is ${seen.slice(0, 16)}…, the token's is ${fingerprint.slice(0, 16)}…`,
						{
							fix: "use a token of that cluster: weft token on one of its members",
						},
					),
				);
		});
	});
}

function pemOf(der: Buffer): string {
	return `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/(.{64})/g, "$1\n")}\n-----END CERTIFICATE-----\n`;
}

function post(host: string, port: number, ca: string, body: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const outgoing = httpsRequest(
			{ host, port, ca, servername: storeName, method: "POST", path: "/join", timeout: timeoutMs, agent: false },
			(incoming) => {
				let text = "";
				incoming.setEncoding("utf8");
				incoming.on("data", (chunk: string) => {
					text += chunk;
				});
				incoming.on("error", reject);
				incoming.on("end", () => {
					if (incoming.statusCode === 200) resolve(text);
					else reject(refusalOf(text));
				});
			},
		);
		outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
		outgoing.once("error", reject);
		outgoing.end(body);
	});
}

function refusalOf(text: string): Error {
	try {
		return WeftError.fromBody(JSON.parse(text) as ErrorBody);
	} catch {
		return new Error(`an answer that is not weft's: ${text.slice(0, 80)}`);
	}
}
