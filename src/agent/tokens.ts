import { createHash, randomBytes } from "node:crypto";
import { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { Store } from "../store/store.ts";

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

/** The store holds the hash alone: who reads it cannot join. */
function keyOfSecret(secret: string): string {
	return `tokens/${createHash("sha256").update(secret).digest("hex")}`;
}

/** @returns "host:port" of all agents; those that live come first, so that a joiner seldom waits for one that does not. */
export async function agentAddresses(store: Store): Promise<string[]> {
	const [hosts, alive] = await Promise.all([store.list(keys.hosts), store.list(keys.alive)]);
	const living = new Set(alive.entries.map(({ key }) => key.slice(keys.alive.length + 1)));
	const all = hosts.entries.map(({ value }) => JSON.parse(value) as Host);
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
	const { entries } = await store.list("tokens");
	const forgotten = entries.filter(({ value }) => (JSON.parse(value) as TokenRecord).expiresAt + rememberMs < now);
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
 * Uses a token up. The same claimant may come again, as one does whose answer was lost on the way.
 * @throws {WeftError} TOKEN_INVALID, TOKEN_USED, TOKEN_EXPIRED
 */
export async function consumeToken(store: Store, { secret, claimant }: Claim, now: number): Promise<void> {
	const entry = await store.get(keyOfSecret(secret));
	if (entry === undefined)
		throw new WeftError("TOKEN_INVALID", "Cannot join: this cluster gave out no such token", { fix: another });
	const record = JSON.parse(entry.value) as TokenRecord;
	if (record.usedAt !== undefined) {
		if (record.usedBy === claimant) return;
		throw used(record.usedAt);
	}
	if (record.expiresAt <= now)
		throw new WeftError(
			"TOKEN_EXPIRED",
			`Cannot join: the token ended at ${new Date(record.expiresAt).toISOString()}`,
			{ fix: another },
		);
	const spent: TokenRecord = { ...record, usedAt: now, usedBy: claimant };
	const done = await store.txn(
		[{ key: entry.key, revision: entry.revision }],
		[{ put: entry.key, value: JSON.stringify(spent) }],
	);
	if (done === undefined) throw used(now);
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
	const mangled = (cause?: unknown) =>
		new WeftError("TOKEN_INVALID", "Cannot read the join token: it is not complete, or not one of weft's", {
			fix: "copy all of the line that weft token printed",
			...(cause === undefined ? {} : { cause }),
		});
	const trimmed = text.trim();
	if (!trimmed.startsWith(prefix)) throw mangled();
	try {
		const token = JSON.parse(
			Buffer.from(trimmed.slice(prefix.length), "base64url").toString("utf8"),
		) as Partial<JoinToken>;
		const { addresses, fingerprint, secret } = token;
		const whole =
			Array.isArray(addresses) &&
			addresses.every((one) => typeof one === "string") &&
			addresses.length > 0 &&
			/^[0-9a-f]{64}$/.test(fingerprint ?? "") &&
			typeof secret === "string";
		if (whole) return token as JoinToken;
	} catch (cause) {
		throw mangled(cause);
	}
	throw mangled();
}
