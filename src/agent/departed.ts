import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { onProcessEnd } from "../kernel/pidfd.ts";
import type { Sandbox } from "../model/endpoint.ts";

/** The process whose namespace a path names. */
const ofProcess = /^\/proc\/(\d+)\/ns\/net$/;

/**
 * Tells when a namespace that weft did not make may have gone. The kernel does not: the name server's sockets keep it until
 * they are closed. So its name is watched: the folder that it is in, or the process that it is the namespace of.
 */
export class Departed {
	readonly #onChange: () => void;
	readonly #watches = new Map<string, () => void>();

	constructor(onChange: () => void) {
		this.#onChange = onChange;
	}

	/** Watches for these, and no others. */
	follow(sandboxes: Iterable<Sandbox>): void {
		const wanted = new Set<string>();
		for (const { netns, owned } of sandboxes) if (!owned) wanted.add(ofProcess.test(netns) ? netns : dirname(netns));
		for (const [place, end] of [...this.#watches])
			if (!wanted.has(place)) {
				end();
				this.#watches.delete(place);
			}
		for (const place of wanted) if (!this.#watches.has(place)) this.#watches.set(place, this.#watch(place));
	}

	close(): void {
		this.follow([]);
	}

	#watch(place: string): () => void {
		const pid = ofProcess.exec(place)?.[1];
		if (pid !== undefined) return onProcessEnd(Number(pid), this.#onChange);
		try {
			const watcher: FSWatcher = watch(place, { persistent: false }, this.#onChange);
			watcher.on("error", this.#onChange);
			return () => watcher.close();
		} catch {
			// The folder itself is gone, and with it what was in it.
			const soon = setImmediate(this.#onChange);
			return () => clearImmediate(soon);
		}
	}
}
