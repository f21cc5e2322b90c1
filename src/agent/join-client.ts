import { createHash } from "node:crypto";
import { connect } from "node:tls";
import { causeText, isWeftError, WeftError } from "../model/error.ts";
import type { Admitted, JoinRequest } from "./admission.ts";
import { postToAgent } from "./agent-post.ts";
import { request } from "./certificates.ts";
import { agentName, type Credentials } from "./credentials.ts";
import { type JoinToken, parseToken } from "./tokens.ts";

const timeoutMs = 3_000;

/** What a host that was admitted goes on with. */
export interface Admission extends Credentials {
	readonly storeUrl: string;
}

/**
 * Joins a cluster: the addresses of the token are tried in turn, at most 6 s each.
 * @throws {WeftError} TOKEN_INVALID, TOKEN_USED, TOKEN_EXPIRED; when no address helped, STORE_REFUSED if a host of another
 * authority was at one of them, else STORE_UNREACHABLE.
 */
export async function joinCluster(text: string, { hostName }: { hostName: string }): Promise<Admission> {
	const token = parseToken(text);
	const { csr, key } = await request(hostName);
	const failures: { address: string; error: unknown }[] = [];
	for (const address of token.addresses) {
		try {
			return { ...(await joinBy(address, token, csr)), key };
		} catch (error) {
			if (isWeftError(error) && !isWeftError(error, ...elsewhereBetter)) throw error;
			failures.push({ address, error });
		}
	}
	const stranger = failures.find(({ error }) => isWeftError(error, "STORE_REFUSED"));
	if (stranger !== undefined) throw stranger.error;
	throw new WeftError(
		"STORE_UNREACHABLE",
		`Cannot join: none of the token's agents could help (${token.addresses.join(", ")})`,
		{
			fix: "check that TCP to that port passes, and weft status on that host",
			cause: failures.map(({ address, error }) => `${address}: ${causeText(error)}`).join("; "),
		},
	);
}

/** Refusals that say nothing of the token: the next host may do better. */
const elsewhereBetter = ["STORE_UNREACHABLE", "STORE_REFUSED", "TIMEOUT"] as const;

async function joinBy(address: string, { fingerprint, secret }: JoinToken, csr: string): Promise<Admitted> {
	const [host = "", port = ""] = address.split(":");
	// Whom we speak to is known before the secret is told.
	const ca = await authorityOf(host, Number(port), fingerprint);
	const body: JoinRequest = { secret, csr };
	const peer = { host, port: Number(port), ca, servername: agentName };
	return JSON.parse(await postToAgent(peer, "/join", JSON.stringify(body), timeoutMs)) as Admitted;
}

/** @returns The certificate (PEM) of the authority behind the listener, once its fingerprint is the token's. */
function authorityOf(host: string, port: number, fingerprint: string): Promise<string> {
	return new Promise((resolve, reject) => {
		// The chain is judged right below, by the fingerprint: there is no other trust yet.
		const socket = connect({ host, port, servername: agentName, rejectUnauthorized: false, timeout: timeoutMs });
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
