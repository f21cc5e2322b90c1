import koffi from "koffi";
import { Errno } from "../errno.ts";

/**
 * The C library, as far as netlink, namespaces and processes need it. What node:fs can do (open, close, read, write: on the calling
 * thread, in its *Sync forms) is done with node:fs.
 *
 * A signature that differs from the C one corrupts memory: the files of this folder hold all of them, each behind a function with types.
 * Buffers are lent for the time of a call only; what the kernel writes to later lives in an `Arena`.
 */
const libc = koffi.load("libc.so.6");
koffi.alias("ssize_t", "int64_t");

/** @param signature In C. @returns The function as it is, to be called aside (`async`), or where no -1 tells of failure. */
export function libcFunction(signature: string) {
	return libc.func(signature);
}

/** @param signature In C. @returns The function, called until it is not interrupted. It throws an {@link Errno} in place of returning -1. */
export function libcCall(signature: string): (...args: unknown[]) => number {
	const called = libc.func(signature);
	const name = /(\w+)\(/.exec(signature)?.[1] ?? signature;
	return (...args) => {
		for (;;) {
			const result = Number(called(...args));
			if (result >= 0) return result;
			const errno = koffi.errno();
			if (errno !== EINTR) throw new Errno(name, errno);
		}
	};
}

const EINTR = 4;
