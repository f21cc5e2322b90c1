import type { Readable } from "node:stream";

/** Node's own server sends far less. */
const longestHeadBytes = 64 * 1024;

/** Reads the parts of an answer of HTTP/1.1 (RFC 9112) from a stream of bytes, however those are cut. */
export class Incoming {
	readonly #source: AsyncIterator<Buffer, undefined>;
	#buffer: Buffer = Buffer.alloc(0);

	constructor(source: Readable) {
		this.#source = source[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
	}

	/** @returns The status, and the headers by their names in lower case. @throws {SyntaxError} */
	async head(): Promise<{ readonly status: number; readonly headers: ReadonlyMap<string, string> }> {
		const [first = "", ...lines] = (await this.#until("\r\n\r\n")).split("\r\n");
		const status = Number(/^HTTP\/1\.[01] (\d{3})( |$)/.exec(first)?.[1]);
		if (Number.isNaN(status)) throw malformed(first);
		const headers = lines.map((line): [string, string] => {
			const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
			if (name === undefined || value === undefined) throw malformed(line);
			return [name.toLowerCase(), value];
		});
		return { status, headers: new Map(headers) };
	}

	/** What `content-length` counts. */
	async *exactly(length: number): AsyncIterable<Buffer> {
		if (!Number.isSafeInteger(length) || length < 0) throw malformed(`content-length: ${length}`);
		for (let left = length; left > 0; ) {
			if (this.#buffer.length === 0 && !(await this.#more())) throw early();
			const part = this.#buffer.subarray(0, left);
			this.#buffer = this.#buffer.subarray(part.length);
			left -= part.length;
			yield part;
		}
	}

	/** What `transfer-encoding: chunked` frames. */
	async *chunks(): AsyncIterable<Buffer> {
		for (;;) {
			const line = await this.#until("\r\n");
			const size = /^([0-9a-f]{1,8})[ \t]*(;|$)/i.exec(line)?.[1];
			if (size === undefined) throw malformed(line);
			const length = Number.parseInt(size, 16);
			if (length === 0) return;
			yield* this.exactly(length);
			const end = await this.#until("\r\n");
			if (end !== "") throw malformed(end);
		}
	}

	/** What comes until the other side closes. */
	async *rest(): AsyncIterable<Buffer> {
		for (;;) {
			if (this.#buffer.length > 0) {
				const part = this.#buffer;
				this.#buffer = Buffer.alloc(0);
				yield part;
			} else if (!(await this.#more())) return;
		}
	}

	async #until(mark: string): Promise<string> {
		for (let from = 0; ; ) {
			const at = this.#buffer.indexOf(mark, from);
			if (at >= 0) {
				const text = this.#buffer.toString("latin1", 0, at);
				this.#buffer = this.#buffer.subarray(at + mark.length);
				return text;
			}
			if (this.#buffer.length > longestHeadBytes) throw malformed(this.#buffer.toString("latin1", 0, 80));
			from = Math.max(0, this.#buffer.length - mark.length);
			if (!(await this.#more())) throw early();
		}
	}

	/** @returns Whether more has come. */
	async #more(): Promise<boolean> {
		const { value, done } = await this.#source.next();
		if (done === true) return false;
		this.#buffer = this.#buffer.length === 0 ? value : Buffer.concat([this.#buffer, value]);
		return true;
	}
}

function malformed(text: string): SyntaxError {
	return new SyntaxError(`not an answer of HTTP: ${JSON.stringify(text.slice(0, 80))}`);
}

function early(): Error {
	return new Error("the answer ended before its end");
}
