import type { Request } from "./message.ts";

/** @returns The index behind the last message that goes into one send with message `first`. */
export function endOfSend(messages: readonly Request[], first: number): number {
	let bytes = 0;
	let end = first;
	while (end < messages.length && end - first < maxMessagesPerSend) {
		bytes += ((messages[end] as Request).length + 3) & ~3;
		if (bytes > maxBytesPerSend && end > first) break;
		end += 1;
	}
	return end;
}

/** @returns The messages as one datagram, each at a multiple of 4 bytes. */
export function join(messages: readonly Request[]): Buffer {
	let length = 0;
	for (const message of messages) length += (message.length + 3) & ~3;
	const joined = Buffer.alloc(length);
	let at = 0;
	for (const message of messages) {
		joined.set(message, at);
		at += (message.length + 3) & ~3;
	}
	return joined;
}

/** More gain nothing (10,000 neighbours: 19 ms). */
const maxMessagesPerSend = 500;
/** Well below the send buffer: beyond it a send is refused with EMSGSIZE. */
const maxBytesPerSend = 64 * 1024;
