const lengthBytes = 2;

/** Cuts what comes over TCP into messages, each behind its length in two bytes (RFC 1035, section 4.2.2). */
export class Frames {
	#received: Buffer = Buffer.alloc(0);

	push(chunk: Buffer): void {
		this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
	}

	get hasWhole(): boolean {
		const { length } = this.#received;
		return length >= lengthBytes && length >= lengthBytes + this.#received.readUInt16BE(0);
	}

	/** @returns The next message; undefined while it is not whole. */
	shift(): Buffer | undefined {
		if (!this.hasWhole) return undefined;
		const end = lengthBytes + this.#received.readUInt16BE(0);
		const message = this.#received.subarray(lengthBytes, end);
		this.#received = this.#received.subarray(end);
		return message;
	}
}

/** @returns The message behind its length. */
export function framed(message: Buffer): Buffer {
	const length = Buffer.alloc(lengthBytes);
	length.writeUInt16BE(message.length);
	return Buffer.concat([length, message]);
}
