import type { Io } from "./io.ts";

/** Longer than nobody wonders, shorter than one does. */
const everyMs = 100;

/** One line on a person's terminal that tells how far something is; nothing where there is no terminal. */
export interface Progress {
	tell(text: string): void;
	/** Takes the line away. */
	end(): void;
}

export function progress({ stderr }: Io): Progress {
	if (stderr.isTTY !== true) return { tell: () => {}, end: () => {} };
	let toldAt = performance.now();
	let shown = false;
	return {
		tell(text) {
			if (performance.now() - toldAt < everyMs) return;
			toldAt = performance.now();
			shown = true;
			stderr.write(`\r\x1b[K${text}`);
		},
		end() {
			if (shown) stderr.write("\r\x1b[K");
		},
	};
}
