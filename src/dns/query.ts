import { headerBytes, pointerMark, recordTailBytes, recordType } from "./format.ts";

/** What a message asks for. */
export interface Question {
	/** In lower case, without the final dot. A dot inside a label, which no name of the cluster's has, is "\.". */
	readonly name: string;
	readonly type: number;
	readonly class: number;
	/** The question is the bytes from the header to here: a reply repeats them as they are, letter by letter. */
	readonly questionEnd: number;
}

/** What is read of a query. The rest of it is checked, and passed over. */
export interface Query extends Question {
	/** What an EDNS query says of itself: the bytes that its asker takes over UDP, and its version. */
	readonly edns?: { readonly udpBytes: number; readonly version: number };
}

/** RFC 1035, section 2.3.4. */
const [longestLabel, longestName] = [63, 255];
const typeAndClassBytes = 4;
const [dot, backslash, upperA, upperZ, toLower] = [0x2e, 0x5c, 0x41, 0x5a, 0x20];

/** @returns The query in a message of a header or more, whatever else it holds; undefined when it breaks the format. */
export function parseQuery(message: Buffer): Query | undefined {
	const question = parseQuestion(message);
	const others = message.readUInt16BE(6) + message.readUInt16BE(8);
	const additional = message.readUInt16BE(10);
	if (question === undefined || others + additional === 0) return question;
	return withEdns(message, question, others, additional);
}

/** @returns The one question of a message of a header or more; undefined when it has none, several, or one that breaks the format. */
export function parseQuestion(message: Buffer): Question | undefined {
	if (message.readUInt16BE(4) !== 1) return undefined;
	const nameEnd = copyName(message);
	const questionEnd = nameEnd + typeAndClassBytes;
	if (nameEnd < 0 || questionEnd > message.length) return undefined;
	return {
		name: scratch.toString("latin1", 1, copied),
		type: message.readUInt16BE(nameEnd),
		class: message.readUInt16BE(nameEnd + 2),
		questionEnd,
	};
}

/** Twice the longest name: each byte of it may be a dot that needs a mark. One for all, because no two are read at once. */
const scratch = Buffer.alloc(2 * longestName);
let copied = 0;

/**
 * Copies the name of the question into `scratch`, a dot for each length in front of a label.
 * @returns Where it ends in the message; -1 when it is none. A pointer is none here: there is nothing before it to point to.
 */
function copyName(message: Buffer): number {
	copied = 0;
	let at = headerBytes;
	while (at < message.length) {
		const length = message[at++] ?? 0;
		if (length === 0) return at;
		const end = at + length;
		if (length > longestLabel || end > message.length || end - headerBytes >= longestName) return -1;
		scratch[copied++] = dot;
		for (; at < end; at++) {
			const byte = message[at] ?? 0;
			if (byte === dot) scratch[copied++] = backslash;
			scratch[copied++] = byte >= upperA && byte <= upperZ ? byte + toLower : byte;
		}
	}
	return -1;
}

function withEdns(message: Buffer, question: Question, others: number, additional: number): Query | undefined {
	let at = question.questionEnd;
	let edns: Query["edns"];
	for (let n = 0; n < others + additional; n++) {
		const tail = skipName(message, at);
		if (tail < 0 || tail + recordTailBytes > message.length) return undefined;
		const end = tail + recordTailBytes + message.readUInt16BE(tail + 8);
		if (end > message.length) return undefined;
		if (n >= others && message.readUInt16BE(tail) === recordType.OPT) {
			// One, and of the root (RFC 6891, section 6.1.1).
			if (edns !== undefined || tail !== at + 1) return undefined;
			if (!holdsOptions(message, tail + recordTailBytes, end)) return undefined;
			edns = { udpBytes: message.readUInt16BE(tail + 2), version: message.readUInt8(tail + 5) };
		}
		at = end;
	}
	return edns === undefined ? question : { ...question, edns };
}

/** Options, whole ones, each behind its code and length (RFC 6891, section 6.1.2). */
function holdsOptions(message: Buffer, start: number, end: number): boolean {
	let at = start;
	while (at + 4 <= end) at += 4 + message.readUInt16BE(at + 2);
	return at === end;
}

/** @returns Where the name at `at` ends; -1 when it is none. A pointer is not followed, so that there is no circle to go round in. */
function skipName(message: Buffer, at: number): number {
	for (let from = at; from < message.length; ) {
		const length = message[from] ?? 0;
		if (length === 0) return from + 1;
		if (length >= pointerMark) {
			const target = from + 2 <= message.length ? message.readUInt16BE(from) & 0x3fff : from;
			return target >= headerBytes && target < from ? from + 2 : -1;
		}
		from += 1 + length;
		if (length > longestLabel || from - at >= longestName) return -1;
	}
	return -1;
}
