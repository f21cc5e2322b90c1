import type { Io } from "./io.ts";
import { printError } from "./print-error.ts";

/**
 * Does something with each of what was named, one after the other; one that fails does not stop the next.
 * @returns What was done, and how the process ends: 1 when one failed. Its error is printed.
 */
export async function each<T>(
	io: Io,
	refs: readonly string[],
	act: (ref: string) => Promise<T>,
): Promise<{ readonly done: readonly T[]; readonly code: 0 | 1 }> {
	const done: T[] = [];
	let code: 0 | 1 = 0;
	for (const ref of refs) {
		try {
			done.push(await act(ref));
		} catch (error) {
			code = 1;
			printError(io.stderr, error);
		}
	}
	return { done, code };
}
