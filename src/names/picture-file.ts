import { appendFileSync, closeSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { isPictureChange, type PictureChange } from "../dns/picture.ts";

/** Half a millisecond's work: answers wait no longer. */
const changesAtOnce = 500;

/** What may stand behind the whole picture, beside as much as that is, before it is written anew. */
const slackBytes = 64 * 1024;

interface Rewriting {
	readonly fd: number;
	readonly rest: Iterator<PictureChange>;
	/** Lines that came meanwhile. */
	readonly late: string[];
}

/**
 * Keeps the last picture, for a start while the agent is away: lines of JSON, each a list of changes, which make the picture one after the
 * other. So a change costs the same with ten names and with ten thousand. Not flushed: after a crash of the machine no sandbox is left.
 */
export class PictureFile {
	readonly #path: string;
	#wholeBytes = 0;
	#addedBytes = 0;
	#rewriting: Rewriting | undefined;

	readonly #failed: (error: unknown) => void;

	/** @param failed Told when something cannot be written: answers go on without. */
	constructor(path: string, failed: (error: unknown) => void) {
		this.#path = path;
		this.#failed = failed;
	}

	/**
	 * @returns What can be read: none, when there is no file yet; what stands before the first line that is not what was written.
	 *   The last line may be cut, and the agent tells it again, as it does the rest.
	 */
	read(): PictureChange[] {
		const changes: PictureChange[] = [];
		for (const [n, line] of this.#lines().entries()) {
			const some = changesIn(line);
			if (some === undefined) {
				this.#failed(new Error(`${this.#path} cannot be read from line ${n + 1} on: the agent tells it anew`));
				break;
			}
			for (const change of some) changes.push(change);
		}
		return changes;
	}

	#lines(): string[] {
		try {
			const text = readFileSync(this.#path, "utf8");
			// What has no end was being written.
			return text
				.slice(0, text.lastIndexOf("\n") + 1)
				.split("\n")
				.slice(0, -1);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#failed(error);
			return [];
		}
	}

	/** @param all Gives the whole picture, when the file has become long. */
	append(changes: readonly PictureChange[], all: () => Iterable<PictureChange>): void {
		const line = lineOf(changes);
		if (this.#rewriting !== undefined) {
			this.#rewriting.late.push(line);
			return;
		}
		this.#attempt(() => appendFileSync(this.#path, line, { mode: 0o600 }));
		this.#addedBytes += line.length;
		if (this.#addedBytes > this.#wholeBytes + slackBytes) this.rewrite(all());
	}

	/** Writes the whole picture, bit by bit, while answers go on; until then the old file stays. */
	rewrite(all: Iterable<PictureChange>): void {
		this.#abandon();
		this.#wholeBytes = 0;
		this.#addedBytes = 0;
		this.#attempt(() => {
			const fd = openSync(`${this.#path}.new`, "w", 0o600);
			const rewriting = { fd, rest: all[Symbol.iterator](), late: [] };
			this.#rewriting = rewriting;
			const proceed = () => {
				if (this.#rewriting !== rewriting) return;
				this.#attempt(() => this.#writeSome(rewriting));
				setImmediate(proceed);
			};
			proceed();
		});
	}

	/** Writes what is left, at once. */
	finish(): void {
		for (let one = this.#rewriting; one !== undefined; one = this.#rewriting) {
			const rewriting = one;
			this.#attempt(() => this.#writeSome(rewriting));
		}
	}

	#attempt(work: () => void): void {
		try {
			work();
		} catch (error) {
			this.#abandon();
			this.#failed(error);
		}
	}

	#abandon(): void {
		if (this.#rewriting !== undefined) closeSync(this.#rewriting.fd);
		this.#rewriting = undefined;
	}

	#writeSome({ fd, rest, late }: Rewriting): void {
		const some: PictureChange[] = [];
		for (let next = rest.next(); next.done !== true; next = rest.next())
			if (some.push(next.value) === changesAtOnce) break;
		const lines = some.length === changesAtOnce ? [lineOf(some)] : [lineOf(some), ...late];
		for (const line of lines) this.#wholeBytes += writeSync(fd, line);
		if (some.length === changesAtOnce) return;
		renameSync(`${this.#path}.new`, this.#path);
		this.#abandon();
	}
}

function changesIn(line: string): readonly PictureChange[] | undefined {
	try {
		const changes: unknown = JSON.parse(line);
		return Array.isArray(changes) && changes.every(isPictureChange) ? changes : undefined;
	} catch {
		return undefined;
	}
}

function lineOf(changes: readonly PictureChange[]): string {
	return `${JSON.stringify(changes)}\n`;
}
