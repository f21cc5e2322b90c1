import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { type ControlContext, encode } from "../control/context.ts";
import { causeText } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import { keys } from "../model/keys.ts";
import type { PathState, PathView } from "../model/view.ts";
import { Mirror } from "../reconcile/mirror.ts";
import type { View } from "../reconcile/view.ts";
import type { Write } from "../store/store.ts";
import { type ExchangeOptions, PacketExchange } from "./packet-exchange.ts";
import type { Pulse } from "./pulse.ts";

/** What a host asks of another: to exchange packets with it now. */
type PathQuestion = ExchangeOptions;

/** What the other one heard. */
interface PathAnswer {
	readonly nonce: string;
	readonly heard: PathState;
}

/** An exchange takes about a second; this much more for the store. */
const answerTimeoutMs = 2_500;
const memberTimeoutMs = 5_000;
/** etcd takes 128 writes in a transaction. */
const writesAtOnce = 100;

type Ways = Pick<PathView, "there" | "here">;
const unknown: Ways = { there: "unknown", here: "unknown" };

interface Tools {
	readonly control: ControlContext;
	readonly view: View;
	readonly pulse: Pulse;
	readonly log: Logger;
}

/**
 * Tests whether VXLAN's packets pass between hosts, both ways. The two agents meet in the store, which both can reach: one puts a
 * question there, then both exchange packets, and the other one answers what it heard.
 */
export class PathTest {
	readonly #tools: Tools;
	readonly #exchanges = new Set<PacketExchange>();
	readonly #questions: Mirror;
	#running: Promise<PathView[]> | undefined;

	constructor(tools: Tools) {
		this.#tools = tools;
		const { store, self } = tools.control;
		this.#questions = new Mirror({
			store,
			prefix: keys.pathQuestions(self.id),
			onChange: (key, text) => {
				if (text !== undefined) void this.#answer(key.slice(key.lastIndexOf("/") + 1), text);
			},
			onBatch: () => {},
		});
	}

	close(): void {
		this.#questions.close();
		for (const exchange of this.#exchanges) exchange.close();
	}

	/** @returns The ways to all other hosts, sorted by name. @throws {WeftError} TIMEOUT, STORE_* */
	run(): Promise<PathView[]> {
		// One at a time: the answers of two would stand at the same keys.
		this.#running ??= this.#run().finally(() => {
			this.#running = undefined;
		});
		return this.#running;
	}

	async #run(): Promise<PathView[]> {
		const { control, view, pulse } = this.#tools;
		const { self } = control;
		// Before the others know this host, their firewall keeps it out.
		await pulse.until(
			() => view.hosts.get(self.id)?.vtep === self.vtep,
			"this host among the members",
			memberTimeoutMs,
		);
		const others = [...view.hosts.values()].filter(({ id }) => id !== self.id);
		const present = others.filter(({ id }) => view.alive.has(id));
		const away = others.filter(({ id }) => !view.alive.has(id)).map((host) => viewOf(self, host, unknown));
		const found = present.length === 0 ? [] : await this.#ask(present);
		return [...away, ...found].sort((a, b) => a.host.localeCompare(b.host));
	}

	async #ask(hosts: readonly Host[]): Promise<PathView[]> {
		const { store, self } = this.#tools.control;
		const talks = hosts.map((host) => ({
			host,
			nonce: randomBytes(12).toString("hex"),
			answer: Promise.withResolvers<PathAnswer>(),
		}));
		const answers = new Mirror({
			store,
			prefix: keys.pathAnswers(self.id),
			onChange: (_key, text) => {
				if (text === undefined) return;
				const answer = JSON.parse(text) as PathAnswer;
				talks.find(({ nonce }) => nonce === answer.nonce)?.answer.resolve(answer);
			},
			onBatch: () => {},
		});
		try {
			await this.#write(
				talks.map(({ host, nonce }) => {
					const question: PathQuestion = { peer: self.vtep, nonce, fullBytes: fullBytes(self, host) };
					return { put: keys.pathQuestion(host.id, self.id), value: encode(question) };
				}),
			);
			return await Promise.all(
				talks.map(async ({ host, nonce, answer }) => {
					const half = { peer: host.vtep, nonce, fullBytes: fullBytes(self, host) };
					return viewOf(self, host, await this.#exchange(half, answer.promise));
				}),
			);
		} finally {
			answers.close();
			await this.#write([
				{ deletePrefix: keys.pathAnswers(self.id) },
				...hosts.map(({ id }) => ({ delete: keys.pathQuestion(id, self.id) })),
			]);
		}
	}

	async #exchange(half: ExchangeOptions, answer: Promise<PathAnswer>): Promise<Ways> {
		const exchange = new PacketExchange(half);
		this.#exchanges.add(exchange);
		const late = AbortSignal.timeout(answerTimeoutMs);
		const none = new Promise<undefined>((resolve) => late.addEventListener("abort", () => resolve(undefined)));
		try {
			const answered = await Promise.race([answer, none]);
			if (answered === undefined) return unknown;
			return { there: answered.heard, here: await exchange.heard };
		} finally {
			exchange.close();
			this.#exchanges.delete(exchange);
		}
	}

	async #answer(asker: string, text: string): Promise<void> {
		const { control, log } = this.#tools;
		try {
			const question = JSON.parse(text) as PathQuestion;
			const exchange = new PacketExchange(question);
			this.#exchanges.add(exchange);
			void exchange.ended.then(() => this.#exchanges.delete(exchange));
			const answer: PathAnswer = { nonce: question.nonce, heard: await exchange.heard };
			// The question as it stands: one that was taken back needs no answer, and its key would stay.
			const asked = await control.store.get(keys.pathQuestion(control.self.id, asker));
			if (asked?.value !== text) return;
			await control.store.txn(
				[{ key: asked.key, revision: asked.revision }],
				[{ put: keys.pathAnswer(asker, control.self.id), value: encode(answer) }],
			);
		} catch (error) {
			log.warn({ asker, cause: causeText(error) }, "cannot answer a test of the way between hosts");
		}
	}

	async #write(writes: readonly Write[]): Promise<void> {
		for (let at = 0; at < writes.length; at += writesAtOnce)
			await this.#tools.control.store.txn([], writes.slice(at, at + writesAtOnce));
	}
}

function viewOf(self: Host, host: Host, ways: Ways): PathView {
	return { host: host.name, vtep: host.vtep, fullBytes: fullBytes(self, host), ...ways };
}

function fullBytes(a: Host, b: Host): number {
	return Math.min(a.underlayMtuBytes, b.underlayMtuBytes);
}
