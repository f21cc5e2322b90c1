import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";

/** As many as the C library asks (resolv.conf(5), MAXNS). */
const most = 3;
const lookAgainMs = 1_000;

/** The host's resolvers, as /etc/resolv.conf names them at the moment. */
export class Resolvers {
	readonly #path: string;
	#servers: readonly string[] = [];
	#changedMs = -1;
	#lookedAt = Number.NEGATIVE_INFINITY;

	constructor(path = "/etc/resolv.conf") {
		this.#path = path;
	}

	/** @returns Addresses, first to be asked first; never the sandboxes' own name server. */
	servers(): readonly string[] {
		const now = performance.now();
		if (now - this.#lookedAt < lookAgainMs) return this.#servers;
		this.#lookedAt = now;
		try {
			const { mtimeMs } = statSync(this.#path);
			if (mtimeMs !== this.#changedMs) {
				this.#servers = parseResolvConf(readFileSync(this.#path, "utf8"));
				this.#changedMs = mtimeMs;
			}
		} catch {
			this.#servers = [];
			this.#changedMs = -1;
		}
		return this.#servers;
	}
}

export function parseResolvConf(text: string): string[] {
	return (
		text
			.split("\n")
			.map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
			.filter((server) => server !== undefined)
			// A name in the place of an address would be looked up by this very process.
			.filter((server) => isIP(server) !== 0 && server !== "127.0.0.11")
			.slice(0, most)
	);
}
