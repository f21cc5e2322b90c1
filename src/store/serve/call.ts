import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { Member } from "./member.ts";

/** One call of a member's, from its headers to the end of its answer, and what it holds meanwhile. */
export class Call {
	readonly member: Member;
	#unreadBytes = 0;
	#hasTurn = false;
	#isClosed = false;

	/** @throws {ConnectError} ResourceExhausted */
	constructor(member: Member) {
		member.begin();
		this.member = member;
	}

	/** Resolves when its request may be read. */
	async turn(signal: AbortSignal): Promise<void> {
		await this.member.enter(signal);
		if (this.#isClosed) this.member.leave();
		else this.#hasTurn = true;
	}

	/** Makes an answer, or a part of one, when there is room for it: until it is {@link passOn passed on}, or the call ends. */
	async answer<T extends { readonly bytes: number }>(signal: AbortSignal, make: () => T | Promise<T>): Promise<T> {
		const made = await this.member.answer(signal, make);
		this.#unreadBytes += made.bytes;
		if (this.#isClosed) this.passOn();
		return made;
	}

	passOn(): void {
		this.member.read(this.#unreadBytes);
		this.#unreadBytes = 0;
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.passOn();
		if (this.#hasTurn) this.member.leave();
		this.member.end();
	}
}

/** Where the call stands in the values of its context. */
export const callKey = createContextKey<Call | undefined>(undefined);

export function callOf({ values }: Pick<HandlerContext, "values">): Call {
	return values.get(callKey) ?? new Call(new Member());
}
