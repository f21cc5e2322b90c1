/**
 * The attributes of a netlink message (struct nlattr, linux/netlink.h), read in place: a dump of ten thousand
 * entries is looked through without a copy of each. All numbers are little-endian, as the hosts that weft runs on.
 */
export class Attributes {
	readonly #buffer: Buffer;
	/** Type to the payload's start; the length stands in the header 4 bytes before it. A repeated type: the last one. */
	readonly #starts = new Map<number, number>();

	constructor(buffer: Buffer, start = 0, end = buffer.length) {
		this.#buffer = buffer;
		forEachAttribute(buffer, start, end, (type, from) => this.#starts.set(type, from));
	}

	has(type: number): boolean {
		return this.#starts.has(type);
	}

	u8(type: number): number | undefined {
		const at = this.#at(type, 1);
		return at === undefined ? undefined : this.#buffer.readUInt8(at);
	}

	u16(type: number): number | undefined {
		const at = this.#at(type, 2);
		return at === undefined ? undefined : this.#buffer.readUInt16LE(at);
	}

	u16be(type: number): number | undefined {
		const at = this.#at(type, 2);
		return at === undefined ? undefined : this.#buffer.readUInt16BE(at);
	}

	u32(type: number): number | undefined {
		const at = this.#at(type, 4);
		return at === undefined ? undefined : this.#buffer.readUInt32LE(at);
	}

	i32(type: number): number | undefined {
		const at = this.#at(type, 4);
		return at === undefined ? undefined : this.#buffer.readInt32LE(at);
	}

	u32be(type: number): number | undefined {
		const at = this.#at(type, 4);
		return at === undefined ? undefined : this.#buffer.readUInt32BE(at);
	}

	u64be(type: number): bigint | undefined {
		const at = this.#at(type, 8);
		return at === undefined ? undefined : this.#buffer.readBigUInt64BE(at);
	}

	/** @returns The text before the first NUL. */
	string(type: number): string | undefined {
		const bytes = this.bytes(type);
		if (bytes === undefined) return undefined;
		const end = bytes.indexOf(0);
		return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
	}

	/** @returns A view, not a copy. */
	bytes(type: number): Buffer | undefined {
		const start = this.#starts.get(type);
		return start === undefined ? undefined : this.#buffer.subarray(start, this.#end(start));
	}

	nested(type: number): Attributes | undefined {
		const start = this.#starts.get(type);
		return start === undefined ? undefined : new Attributes(this.#buffer, start, this.#end(start));
	}

	/** @returns What is nested in `type` when it is an array: each member's payload, in order. */
	list(type: number): Buffer[] {
		const start = this.#starts.get(type);
		const members: Buffer[] = [];
		if (start === undefined) return members;
		forEachAttribute(this.#buffer, start, this.#end(start), (_, from, to) =>
			members.push(this.#buffer.subarray(from, to)),
		);
		return members;
	}

	#end(start: number): number {
		return start + this.#buffer.readUInt16LE(start - 4) - 4;
	}

	/** @returns Where a number of `size` bytes stands; undefined when the payload is shorter. */
	#at(type: number, size: number): number | undefined {
		const start = this.#starts.get(type);
		return start !== undefined && this.#end(start) - start >= size ? start : undefined;
	}
}

/** Stops at the first attribute that does not fit into `end`. @param visit Gets the type without its flags, and the payload's bounds. */
export function forEachAttribute(
	buffer: Buffer,
	start: number,
	end: number,
	visit: (type: number, from: number, to: number) => void,
): void {
	let at = start;
	while (at + 4 <= end) {
		const length = buffer.readUInt16LE(at);
		if (length < 4 || at + length > end) return;
		visit(buffer.readUInt16LE(at + 2) & NLA_TYPE_MASK, at + 4, at + length);
		at += (length + 3) & ~3;
	}
}

const NLA_TYPE_MASK = 0x3fff;
