/** A set in which each member is as often as it was put in: tells when the first of a kind comes, and when the last one goes. */
export class Counted<T> {
	readonly #counts = new Map<T, number>();

	/** Each member once. */
	values(): Iterable<T> {
		return this.#counts.keys();
	}

	has(member: T): boolean {
		return this.#counts.has(member);
	}

	/** @returns Whether it was not in before. */
	add(member: T): boolean {
		const count = this.#counts.get(member) ?? 0;
		this.#counts.set(member, count + 1);
		return count === 0;
	}

	/** @returns Whether it is in no more. One that was not in stays out. */
	take(member: T): boolean {
		const count = this.#counts.get(member) ?? 0;
		if (count > 1) this.#counts.set(member, count - 1);
		else this.#counts.delete(member);
		return count === 1;
	}
}
