import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { onProcessEnd } from "../kernel/pidfd.ts";
import { Counted } from "../lib/counted.ts";
import type { Sandbox } from "../model/endpoint.ts";

/** The process whose namespace a path names. */
const ofProcess = /^\/proc\/(\d+)\/ns\/net$/;

/**
 * Tells when a namespace that weft did not make may have gone. The kernel does not: the name server's sockets keep it until
 * they are closed. So its name is watched: the folder that it is in, or the process that it is the namespace of.
 */
export class Departed {
	readonly #onChange: () => void;
	readonly #places = new Counted<string>();
	readonly #watches = new Map<string, () => void>();

	constructor(onChange: () => void) {
		this.#onChange = onChange;
	}

	/** Notes that a sandbox came, changed, or went. */
	follow(before: Sandbox | undefined, after: Sandbox | undefined): void {
		const [from, to] = [before, after].map((sandbox) => (sandbox === undefined ? undefined : placeOf(sandbox)));
		if (from === to) return;
		if (to !== undefined && this.#places.add(to)) this.#watches.set(to, this.#watch(to));
		if (from !== undefined && this.#places.take(from)) this.#end(from);
	}

	close(): void {
		for (const place of [...this.#watches.keys()]) this.#end(place);
	}

	#end(place: string): void {
		this.#watches.get(place)?.();
		this.#watches.delete(place);
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

/** @returns What is watched for a namespace that weft did not make: the path that names it, for a process's, or its folder. */
function placeOf({ netns, owned }: Sandbox): string | undefined {
	if (owned) return undefined;
	return ofProcess.test(netns) ? netns : dirname(netns);
}
