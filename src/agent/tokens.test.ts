import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isWeftError, type WeftError } from "../model/error.ts";
import { openMemoryStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { consumeToken, createToken, parseToken } from "./tokens.ts";

const now = Date.parse("2024-05-17T10:00:00.000Z");
const [hour, minute] = [3_600_000, 60_000];
const fingerprint = "0123456789abcdef".repeat(4);
const addresses = ["10.1.2.3:4790", "10.1.2.4:4790"];

async function withToken(work: (store: Store, text: string, secret: string) => Promise<void>): Promise<void> {
	const store = openMemoryStore();
	try {
		const text = await createToken(store, { addresses, fingerprint, expiresAt: now + hour }, now);
		await work(store, text, parseToken(text).secret);
	} finally {
		await store.close();
	}
}

/** @returns What came of it: undefined when it was let in. */
async function outcome(work: () => Promise<void>): Promise<WeftError | undefined> {
	try {
		await work();
		return undefined;
	} catch (error) {
		assert.ok(isWeftError(error), String(error));
		return error;
	}
}

const isRefused = (error: unknown) => isWeftError(error, "TOKEN_INVALID");

/** No six letters of the secret in a row. */
function assertSilent(error: WeftError, secret: string): void {
	const said = JSON.stringify(error.toBody());
	for (let at = 0; at + 6 <= secret.length; at++) assert.ok(!said.includes(secret.slice(at, at + 6)), said);
}

test("a token with any letter changed opens nothing, and is not told of", () =>
	withToken(async (store, text, secret) => {
		const letters = "ABYZabyz0189-_ .=+/\n\0é";
		for (let at = 0; at < text.length; at++)
			for (const letter of letters) {
				if (letter === text[at]) continue;
				const changed = text.slice(0, at) + letter + text.slice(at + 1);
				// Spaces around it are no part of it.
				if (changed.trim() === text) continue;
				const error = await outcome(async () => {
					const token = parseToken(changed);
					assert.notDeepEqual(token, { addresses, fingerprint, secret }, changed);
					// Another authority or another host is met and told nothing: see joinCluster().
					if (token.secret !== secret) await consumeToken(store, { secret: token.secret, claimant: "c" }, now);
				});
				if (error === undefined) continue;
				assert.equal(error.code, "TOKEN_INVALID");
				assertSilent(error, secret);
			}
		await consumeToken(store, { secret, claimant: "c" }, now);
	}));

test("parseToken() refuses each part of a token, and one that goes on", () =>
	withToken(async (_, text, secret) => {
		for (let end = 0; end < text.length; end++) {
			const error = await outcome(async () => void parseToken(text.slice(0, end)));
			assert.equal(error?.code, "TOKEN_INVALID", String(end));
			assertSilent(error, secret);
		}
		for (const more of ["A", "AAAA", text, `\n${text}`, "x".repeat(1_000_000)])
			assert.throws(() => parseToken(text + more), isRefused);
	}));

test("parseToken() refuses other versions, and what is inside another form", () => {
	const made = (value: unknown) => `weft1.${Buffer.from(JSON.stringify(value)).toString("base64url")}`;
	const good = { addresses, fingerprint, secret: "s".repeat(32) };
	assert.deepEqual(parseToken(made(good)), good);
	assert.deepEqual(parseToken(`  ${made({ ...good, later: true })}\n`), good);
	for (const head of ["weft0.", "weft2.", "weft1", "WEFT1.", "weft1.weft1.", ""])
		assert.throws(() => parseToken(made(good).replace("weft1.", head)), isRefused, head);
	const wrong: readonly unknown[] = [
		null,
		7,
		[],
		{},
		{ ...good, addresses: [] },
		{ ...good, addresses: addresses[0] },
		{ ...good, addresses: [7] },
		{ ...good, addresses: ["10.1.2.3"] },
		{ ...good, addresses: ["10.1.2.3:0"] },
		{ ...good, addresses: ["10.1.2.3:65536"] },
		{ ...good, addresses: ["10.1.2.3:1:2"] },
		{ ...good, addresses: ["host.example:4790"] },
		{ ...good, addresses: Array.from({ length: 10_000 }, () => addresses[0]) },
		{ ...good, fingerprint: [fingerprint] },
		{ ...good, fingerprint: fingerprint.toUpperCase() },
		{ ...good, fingerprint: `${fingerprint}0` },
		{ ...good, secret: "" },
		{ ...good, secret: ["s".repeat(32)] },
		{ ...good, secret: "s".repeat(33) },
	];
	for (const value of wrong)
		assert.throws(() => parseToken(made(value)), isRefused, JSON.stringify(value).slice(0, 80));
});

test("parseToken() bears any text", () => {
	const inside = fc.oneof(fc.json(), fc.string()).map((text) => Buffer.from(text).toString("base64url"));
	fc.assert(
		fc.property(fc.oneof(fc.string(), inside), (text) => {
			assert.throws(() => parseToken(text), isRefused);
			assert.throws(() => parseToken(`weft1.${text}`), isRefused);
		}),
		{ numRuns: 500 },
	);
});

test("consumeToken() takes a token until the moment that it ends, and not in that moment", async () => {
	for (const [at, code] of [
		[hour - 1, undefined],
		[hour, "TOKEN_EXPIRED"],
		[hour + 1, "TOKEN_EXPIRED"],
	] as const)
		await withToken(async (store, _, secret) => {
			const error = await outcome(() => consumeToken(store, { secret, claimant: "c" }, now + at));
			assert.equal(error?.code, code);
		});
});

test("consumeToken() lets the same claimant come again for five minutes, and nobody else", () =>
	withToken(async (store, _, secret) => {
		const codeAt = async (claimant: string, at: number) =>
			(await outcome(() => consumeToken(store, { secret, claimant }, at)))?.code;
		const usedAt = now + hour - 1;
		assert.equal(await codeAt("c", usedAt), undefined);
		assert.equal(await codeAt("d", usedAt), "TOKEN_USED");
		assert.equal(await codeAt("c", usedAt + 5 * minute - 1), undefined, "though it has ended meanwhile");
		assert.equal(await codeAt("c", usedAt + 5 * minute), "TOKEN_USED", "not counted from when it came last");
		assert.equal(await codeAt("d", usedAt + hour), "TOKEN_USED");
	}));

test("consumeToken() lets in one of many that come at once, and that one by each way it came", () =>
	withToken(async (store, _, secret) => {
		const claimants = Array.from({ length: 40 }, (_, i) => `c${i % 10}`);
		const codes = await Promise.all(
			claimants.map(async (claimant) => (await outcome(() => consumeToken(store, { secret, claimant }, now)))?.code),
		);
		const entered = claimants.filter((_, i) => codes[i] === undefined);
		assert.equal(new Set(entered).size, 1);
		assert.equal(entered.length, 4);
		assert.ok(codes.every((code) => code === undefined || code === "TOKEN_USED"));
	}));

test("consumeToken() refuses secrets that were never given out, of any form", () =>
	withToken(async (store, _, secret) => {
		for (const wrong of ["", "tokens", `${secret} `, secret.slice(1), secret.toUpperCase(), "é\0", "x".repeat(16_000)])
			await assert.rejects(consumeToken(store, { secret: wrong, claimant: "c" }, now), isRefused);
		const { entries } = await store.list("tokens");
		assert.ok(entries.every(({ key, value }) => !key.includes(secret) && !value.includes(secret)));
	}));

test("a token whose record cannot be read opens nothing, and keeps nobody from making others", () =>
	withToken(async (store, _, secret) => {
		for (const garbage of ["", "null", "[]", "{}", '{"expiresAt":"never"}', '{"expiresAt":1,"usedAt":"x"}']) {
			const [entry = assert.fail()] = (await store.list("tokens")).entries;
			await store.txn([], [{ put: entry.key, value: garbage }]);
			assert.ok(isRefused(await outcome(() => consumeToken(store, { secret, claimant: "a" }, now))), garbage);
			await createToken(store, { addresses, fingerprint, expiresAt: now + hour }, now);
			assert.equal(await store.get(entry.key), undefined);
			await store.txn(
				[],
				[...(await store.list("tokens")).entries.map(({ key }) => ({ delete: key })), { put: entry.key, value: "" }],
			);
		}
	}));
