/** Gathers what another program does in a burst (`ip link del` of a bridge is dozens of events) into one look. */
const settleMs = 10;
/** Drift is mended within a second, whatever else goes on. */
const longestMs = 800;
/** One that was quiet for so many times its last delay is looked at as quickly as at first. */
const quietFactor = 3;

interface Pace {
	readonly timer: NodeJS.Timeout | undefined;
	readonly delayMs: number;
	readonly lookedAtMs: number;
}

/**
 * When to look at what changed: soon, and ever later at what changes without a pause. Whoever has CAP_NET_ADMIN in his container can
 * change it a thousand times a second, and to read it takes milliseconds that others wait for.
 */
export class Pacing<T> {
	readonly #look: (place: T) => void;
	readonly #paces = new Map<T, Pace>();

	constructor(look: (place: T) => void) {
		this.#look = look;
	}

	/** Notes that a place changed: it is looked at once it is time. */
	note(place: T): void {
		const former = this.#paces.get(place);
		if (former?.timer !== undefined) return;
		const sinceMs = former === undefined ? Number.POSITIVE_INFINITY : performance.now() - former.lookedAtMs;
		const isBusy = former !== undefined && sinceMs < former.delayMs * quietFactor;
		const delayMs = isBusy ? Math.min(former.delayMs * 2, longestMs) : settleMs;
		const timer = setTimeout(() => {
			this.#paces.set(place, { timer: undefined, delayMs, lookedAtMs: performance.now() });
			this.#look(place);
			this.#forgetQuiet();
		}, delayMs);
		this.#paces.set(place, { timer, delayMs, lookedAtMs: 0 });
	}

	close(): void {
		for (const { timer } of this.#paces.values()) clearTimeout(timer);
		this.#paces.clear();
	}

	#forgetQuiet(): void {
		const now = performance.now();
		for (const [place, { timer, delayMs, lookedAtMs }] of this.#paces)
			if (timer === undefined && now - lookedAtMs > delayMs * quietFactor) this.#paces.delete(place);
	}
}
