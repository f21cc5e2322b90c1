import { constants } from "node:os";

/** Names that node:os has not, or not in the kernel's words (asm-generic/errno.h). */
const moreNames: Readonly<Record<number, string>> = { 54: "EXFULL", 95: "EOPNOTSUPP", 117: "EUCLEAN" };

/** Of two names of one number the first counts: EAGAIN, not EWOULDBLOCK. */
const osNames = new Map(
	Object.entries(constants.errno)
		.reverse()
		.map(([name, number]) => [number, name]),
);

/** @param errno Positive, as in errno.h. @returns "EEXIST"; "errno 524" for a number without a name. */
export function errnoName(errno: number): string {
	return moreNames[errno] ?? osNames.get(errno) ?? `errno ${errno}`;
}

/** What a system call or a netlink request was refused with. */
export class Errno extends Error {
	override readonly name = "Errno";
	/** "EEXIST". */
	readonly code: string;
	/** Positive, as in errno.h. */
	readonly errno: number;
	/** The kernel's own words (NLMSGERR_ATTR_MSG), when it gave any. */
	readonly detail: string | undefined;

	/** @param call What was asked: "setns", "RTM_NEWLINK". */
	constructor(call: string, errno: number, detail?: string) {
		const code = errnoName(errno);
		// Many are no more than answers ("there is none", "try again"), and where they come from costs ten times as much as the rest.
		const { stackTraceLimit } = Error;
		Error.stackTraceLimit = 0;
		super(detail === undefined ? `${call}: ${code}` : `${call}: ${code}: ${detail}`);
		Error.stackTraceLimit = stackTraceLimit;
		this.code = code;
		this.errno = errno;
		this.detail = detail;
	}
}

/** @returns The name behind an {@link Errno} or one of Node's own system errors, else undefined. */
export function codeOf(error: unknown): string | undefined {
	if (error instanceof Errno) return error.code;
	const code = (error as { code?: unknown } | null)?.code;
	return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
