import { WeftError } from "../model/error.ts";
import type { Store } from "../store/store.ts";
import { postToAgent } from "./agent-post.ts";
import type { Authority } from "./authority.ts";
import { type Credentials, storeName } from "./credentials.ts";
import { consumeToken } from "./tokens.ts";

/** Shorter than a joiner waits, so that it hears why. */
const relayTimeoutMs = 2_000;

/** What a joiner asks with: `secret` is the token's, `csr` a PKCS #10 request as PEM. */
export interface JoinRequest {
	readonly secret: string;
	readonly csr: string;
}

/** What it gets. */
export interface Admitted {
	readonly certificate: string;
	/** The authority's. */
	readonly ca: string;
	/** What the joiner is to use from then on. */
	readonly storeUrl: string;
}

/** @throws {WeftError} TOKEN_*, STORE_UNREACHABLE; {Error} for a request that is not well formed. */
export type Admit = (request: JoinRequest) => Promise<Admitted>;

/** Admits where the authority and the store are. */
export function admitHere(store: Store, authority: Authority, storeUrl: string): Admit {
	return async ({ secret, csr }) => {
		const { fingerprintOfRequest } = await import("./certificates.ts");
		await consumeToken(store, { secret, claimant: await fingerprintOfRequest(csr) }, Date.now());
		return { certificate: await authority.admit(csr), ca: authority.certificate, storeUrl };
	};
}

/** Passes requests on to the host of the store: only there is the authority's key. */
export function admitByStoreHost(storeUrl: string, { ca, certificate: cert, key }: Credentials): Admit {
	const { hostname: host, port } = new URL(storeUrl.replace("weft:", "https:"));
	return async (request) => {
		const body = JSON.stringify(request);
		const peer = { host, port: Number(port), ca, cert, key, servername: storeName };
		const answered = postToAgent(peer, "/join", body, relayTimeoutMs);
		const text = await answered.catch((cause: unknown) => {
			if (cause instanceof WeftError) throw cause;
			throw new WeftError("STORE_UNREACHABLE", `Cannot admit the host: the store's host (${host}) does not answer`, {
				fix: `weft status, on the host with the address ${host}`,
				cause,
			});
		});
		return JSON.parse(text) as Admitted;
	};
}
