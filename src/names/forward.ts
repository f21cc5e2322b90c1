import { setTimeout as sleep } from "node:timers/promises";
import { failure } from "../dns/answer.ts";
import { Attempt } from "./attempt.ts";
import type { Resolvers } from "./resolvers.ts";

/** Over all sandboxes: each holds a socket. */
const mostAttempts = 2_048;

/** What no resolver answers in. Timers fire a little early, and on a busy machine late: the time may be over before all were asked. */
const leastMs = 5;

export interface ForwardTimes {
	/** One that says nothing for so long is not waited for alone: the next one is asked, too. */
	readonly nextAfterMs: number;
	/** The C library of the one who asks gives up after 5 s (resolv.conf(5)): it gets an answer before that, be it SERVFAIL. */
	readonly wholeMs: number;
	/** One that was silent while another answered comes last for so long; then it has the place again that resolv.conf gives it. */
	readonly avoidMs: number;
}

const usualTimes: ForwardTimes = { nextAfterMs: 1_000, wholeMs: 4_000, avoidMs: 30_000 };

/** Asks the host's resolvers, from this process's own namespace: the host's. The bytes go on as they came, under another id. */
export class Forwarder {
	readonly #resolvers: Pick<Resolvers, "servers">;
	readonly #port: number;
	readonly #times: ForwardTimes;
	/** By server: until when it comes last. */
	readonly #avoided = new Map<string, number>();
	#attempts = 0;

	constructor(resolvers: Pick<Resolvers, "servers">, port = 53, times = usualTimes) {
		this.#resolvers = resolvers;
		this.#port = port;
		this.#times = times;
	}

	/**
	 * @returns The answer under the id of the question, of whoever has one first. SERVFAIL, or what a resolver said in the place of an
	 *   answer, when none has one, or too many are under way.
	 */
	async ask(message: Buffer, transport: "udp" | "tcp"): Promise<Buffer> {
		const attempts: Attempt[] = [];
		const givenUp = new AbortController();
		const deadlineMs = performance.now() + this.#times.wholeMs;
		const servers = this.#inOrder();
		try {
			for (const server of [...servers, ...servers.slice(0, 1)]) {
				// The first one once more, in case that a datagram was lost: not to hear the same again.
				const again = attempts.length === servers.length;
				if (this.#attempts >= mostAttempts || (again && attempts[0]?.said !== undefined)) break;
				const leftMs = deadlineMs - performance.now();
				if (leftMs < leastMs) break;
				this.#attempts++;
				attempts.push(new Attempt({ server, port: this.#port, transport }, message));
				const waitMs = again ? leftMs : Math.min(this.#times.nextAfterMs, leftMs);
				const reply = await firstReply(attempts, waitMs, givenUp.signal);
				if (reply === undefined) continue;
				this.#learn(attempts);
				return reply;
			}
			return attempts.find(({ refusal }) => refusal !== undefined)?.refusal ?? failure(message);
		} finally {
			givenUp.abort();
			for (const attempt of attempts) attempt.close();
			this.#attempts -= attempts.length;
		}
	}

	#inOrder(): string[] {
		const now = performance.now();
		const servers = this.#resolvers.servers();
		for (const [server, untilMs] of this.#avoided)
			if (untilMs <= now || !servers.includes(server)) this.#avoided.delete(server);
		return servers.toSorted((x, y) => Number(this.#avoided.has(x)) - Number(this.#avoided.has(y)));
	}

	/** One of these has answered: those that had more time than it and said nothing come last from now on. */
	#learn(attempts: readonly Attempt[]): void {
		for (const { server, said } of attempts) {
			if (said === "answer") {
				this.#avoided.delete(server);
				return;
			}
			if (said !== "refusal") this.#avoided.set(server, performance.now() + this.#times.avoidMs);
		}
	}
}

/** @returns undefined when `waitMs` are over, or none of them can answer any more. */
async function firstReply(
	attempts: readonly Attempt[],
	waitMs: number,
	givenUp: AbortSignal,
): Promise<Buffer | undefined> {
	const none = () => undefined;
	const timeout = sleep(waitMs, undefined, { signal: givenUp }).catch(none);
	return Promise.race([Promise.any(attempts.map(({ reply }) => reply)).catch(none), timeout]);
}
