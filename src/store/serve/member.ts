import type { LeaseId } from "../store.ts";
import { limits, noRoom } from "./limits.ts";

/** What one member holds of the store's host at this time: its calls, the answers that it has not read, its leases. */
export class Member {
	readonly leases = new Set<LeaseId>();
	#calls = 0;
	#atOnce = 0;
	#unreadBytes = 0;
	/** Those who wait, in order: for their turn, and for room. */
	readonly #turns: (() => void)[] = [];
	readonly #making: (() => void)[] = [];
	#isMaking = false;

	/** @throws {ConnectError} ResourceExhausted */
	begin(): void {
		if (this.#calls >= limits.calls) throw noRoom(`Cannot answer: this member has ${limits.calls} calls under way`);
		this.#calls++;
	}

	end(): void {
		this.#calls--;
	}

	/** Resolves when a call may be read and answered. To be given back by {@link leave}. */
	async enter(signal: AbortSignal): Promise<void> {
		while (this.#atOnce >= limits.callsAtOnce) await inLine(this.#turns, signal);
		this.#atOnce++;
	}

	leave(): void {
		this.#atOnce--;
		this.#turns.shift()?.();
	}

	/**
	 * Makes an answer when there is room for it, one after the other: what is made before it is counted would be without a bound.
	 * @param make May be longer than the room that is left. To be given back by {@link read}.
	 */
	async answer<T extends { readonly bytes: number }>(signal: AbortSignal, make: () => T | Promise<T>): Promise<T> {
		while (this.#isMaking || this.#unreadBytes >= limits.unreadBytes) await inLine(this.#making, signal);
		this.#isMaking = true;
		try {
			const made = await make();
			this.#unreadBytes += made.bytes;
			return made;
		} finally {
			this.#isMaking = false;
			this.#making.shift()?.();
		}
	}

	/** Notes that so much of the answers was read, or will not be. */
	read(bytes: number): void {
		this.#unreadBytes -= bytes;
		this.#making.shift()?.();
	}
}

/** Resolves in its turn; one whose caller has gone passes its turn on. @throws The reason of `signal`. */
async function inLine(line: (() => void)[], signal: AbortSignal): Promise<void> {
	signal.throwIfAborted();
	await new Promise<void>((resolve, reject) => {
		const gone = () => {
			const place = line.indexOf(mine);
			if (place >= 0) line.splice(place, 1);
			reject(signal.reason as Error);
		};
		const mine = () => {
			signal.removeEventListener("abort", gone);
			resolve();
		};
		line.push(mine);
		signal.addEventListener("abort", gone, { once: true });
	});
}
