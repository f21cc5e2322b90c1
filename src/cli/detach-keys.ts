/** Ctrl-P, Ctrl-Q: Docker's own. */
const keys = Buffer.from([0x10, 0x11]);

/** Finds the keys that leave a container's terminal without ending it, in what is typed. */
export class DetachKeys {
	/** Whether the first key was the last that was typed: it is held back until the next one tells what it was. */
	#held = false;

	/** @returns What the container gets, and whether the person leaves. */
	read(typed: Buffer): { readonly typed: Buffer; readonly leaves: boolean } {
		const all = this.#held ? Buffer.concat([keys.subarray(0, 1), typed]) : typed;
		const at = all.indexOf(keys);
		if (at >= 0) return { typed: all.subarray(0, at), leaves: true };
		this.#held = all.at(-1) === keys[0];
		return { typed: this.#held ? all.subarray(0, -1) : all, leaves: false };
	}
}
