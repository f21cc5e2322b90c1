import { createHash, randomBytes } from "node:crypto";
import { decodeAll } from "../control/context.ts";
import { parseIpv4 } from "../model/address.ts";
import { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Entry, Store } from "../store/store.ts";

/** What a join token holds. */
export interface JoinToken {
	/** "host:port" of agents that admit. */
	readonly addresses: readonly string[];
	/** Of the cluster's authority: the joiner trusts nobody else. */
	readonly fingerprint: string;
	readonly secret: string;
}

interface TokenRecord {
	readonly expiresAt: number;
	readonly usedAt?: number;
	/** The fingerprint of the key that it was used with. */
	readonly usedBy?: string;
}

/** Who comes with a token. */
export interface Claim {
	readonly secret: string;
	/** The fingerprint of the joiner's key. */
	readonly claimant: string;
}

const prefix = "weft1.";
const another = "weft token, on a member, makes another";

/** A used or expired token is remembered for a day, to be told from a wrong one. */
const rememberMs = 24 * 3600 * 1000;
/** Who used a token may come again for so long: a joiner asks one host after the other with one key, 6 s each. */
const sameClaimantMs = 5 * 60 * 1000;
/** Of a token: a thousand hosts take 30 KB. */
const longestToken = 64 * 1024;

/** The store holds the hash alone: who reads it cannot join. */
function keyOfSecret(secret: string): string {
	return `${keys.tokens}/${createHash("sha256").update(secret).digest("hex")}`;
}

/** @returns "host:port" of all agents; those that live come first, so that a joiner seldom waits for one that does not. */
export async function agentAddresses(store: Store): Promise<string[]> {
	const [hosts, alive] = await Promise.all([store.list(keys.hosts), store.list(keys.alive)]);
	const living = new Set(alive.entries.map(({ key }) => key.slice(keys.alive.length + 1)));
	const all = decodeAll<Host>(hosts.entries);
	return [...all.filter(({ id }) => living.has(id)), ...all.filter(({ id }) => !living.has(id))].map(
		({ vtep, agentPort }) => `${vtep}:${agentPort}`,
	);
}

/** Makes a token of one use. */
export async function createToken(
	store: Store,
	{ addresses, fingerprint, expiresAt }: { addresses: readonly string[]; fingerprint: string; expiresAt: number },
	now: number,
): Promise<string> {
	const secret = randomBytes(24).toString("base64url");
	const { entries } = await store.list(keys.tokens);
	// One that cannot be read lets nobody in.
	const forgotten = entries.filter((entry) => (recordOf(entry)?.expiresAt ?? 0) + rememberMs < now);
	const record: TokenRecord = { expiresAt };
	await store.txn(
		[],
		[
			{ put: keyOfSecret(secret), value: JSON.stringify(record) },
			...forgotten.slice(0, 100).map(({ key }) => ({ delete: key })),
		],
	);
	const token: JoinToken = { addresses, fingerprint, secret };
	return prefix + Buffer.from(JSON.stringify(token)).toString("base64url");
}

/**
 * Uses a token up. The same claimant may come again soon, as one does whose answer was lost on the way.
 * @throws {WeftError} TOKEN_INVALID, TOKEN_USED, TOKEN_EXPIRED
 */
export async function consumeToken(store: Store, claim: Claim, now: number): Promise<void> {
	// Looked up by its hash: how long that takes tells nothing of the secrets that there are.
	const entry = await store.get(keyOfSecret(claim.secret));
	if (entry === undefined)
		throw new WeftError("TOKEN_INVALID", "Cannot join: this cluster gave out no such token", { fix: another });
	const record = recordOf(entry);
	if (record === undefined)
		throw new WeftError(
			"TOKEN_INVALID",
			`Cannot join: what the store holds of the token cannot be read (${entry.key})`,
			{
				fix: another,
			},
		);
	if (record.usedAt !== undefined) {
		if (record.usedBy === claim.claimant && now < record.usedAt + sameClaimantMs) return;
		throw used(record.usedAt);
	}
	if (record.expiresAt <= now)
		throw new WeftError(
			"TOKEN_EXPIRED",
			`Cannot join: the token ended at ${new Date(record.expiresAt).toISOString()}`,
			{ fix: another },
		);
	const spent: TokenRecord = { ...record, usedAt: now, usedBy: claim.claimant };
	const done = await store.txn(
		[{ key: entry.key, revision: entry.revision }],
		[{ put: entry.key, value: JSON.stringify(spent) }],
	);
	// Somebody was quicker, and may have been the same claimant by another host.
	if (done === undefined) await consumeToken(store, claim, now);
}

function recordOf(entry: Entry): TokenRecord | undefined {
	return decodeAll<TokenRecord>([entry])[0];
}

function used(at: number): WeftError {
	return new WeftError(
		"TOKEN_USED",
		`Cannot join: the token was used at ${new Date(at).toISOString()}, and is good for one host`,
		{ fix: another },
	);
}

/** @throws {WeftError} TOKEN_INVALID for text that is no token, or not all of it. */
export function parseToken(text: string): JoinToken {
	const trimmed = text.trim();
	const token = trimmed.startsWith(prefix) ? tokenIn(trimmed.slice(prefix.length)) : undefined;
	// No cause: what JSON.parse() says of a text quotes it, and there is the secret in it.
	if (token === undefined)
		throw new WeftError("TOKEN_INVALID", "Cannot read the join token: it is not complete, or not one of weft's", {
			fix: "copy all of the line that weft token printed",
		});
	return token;
}

function tokenIn(encoded: string): JoinToken | undefined {
	if (encoded.length > longestToken) return undefined;
	const bytes = Buffer.from(encoded, "base64url");
	// Node passes over characters that have no place there.
	if (bytes.toString("base64url") !== encoded) return undefined;
	try {
		const { addresses, fingerprint, secret } = JSON.parse(bytes.toString("utf8")) as Partial<JoinToken>;
		const isText = typeof fingerprint === "string" && typeof secret === "string";
		if (!isText || !isFingerprint.test(fingerprint) || !isSecret.test(secret)) return undefined;
		if (!Array.isArray(addresses) || addresses.length === 0 || !addresses.every(isAgentAddress)) return undefined;
		return { addresses, fingerprint, secret };
	} catch {
		return undefined;
	}
}

const isFingerprint = /^[0-9a-f]{64}$/;
/** 24 bytes in base64url. */
const isSecret = /^[\w-]{32}$/;

function isAgentAddress(one: unknown): one is string {
	if (typeof one !== "string") return false;
	const [host = "", port = "", ...rest] = one.split(":");
	const isPort = /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536;
	return rest.length === 0 && isPort && parseIpv4(host) !== undefined;
}
