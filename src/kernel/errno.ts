import { constants } from "node:os";
import { type ErrorCode, WeftError } from "../model/error.ts";

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

/**
 * The one place where what the kernel says becomes what a person reads.
 * @param task   "Cannot add link vxlan1 in 1-0123456789".
 * @param byCode Codes of errors that mean something special for this task; anything else is KERNEL_REFUSED.
 */
export function toWeftError(task: string, cause: unknown, byCode: Readonly<Record<string, ErrorCode>> = {}): WeftError {
	if (cause instanceof WeftError) return cause;
	const name = codeOf(cause);
	if (name === "EPERM" || name === "EACCES") {
		return new WeftError("NOT_PERMITTED", `${task}: needs CAP_NET_ADMIN and CAP_SYS_ADMIN`, {
			fix: "run as root",
			cause,
		});
	}
	const reason = reasons[name ?? ""] ?? name ?? "the kernel refused";
	return new WeftError(byCode[name ?? ""] ?? "KERNEL_REFUSED", `${task}: ${reason}`, { cause });
}

/** What the errno values of netlink mean, in words. */
const reasons: Readonly<Record<string, string>> = {
	EADDRINUSE: "the UDP port is in use",
	EBADMSG: "the kernel's answer is malformed",
	EBUSY: "it is in use",
	EEXIST: "it exists already",
	EINVAL: "the kernel refused an argument",
	EMSGSIZE: "the message is too long",
	ENETUNREACH: "the gateway can not be reached",
	ENOBUFS: "the kernel is out of buffers",
	ENODEV: "the device does not exist",
	ENOENT: "what it builds on does not exist",
	ENOMEM: "the kernel is out of memory",
	EOPNOTSUPP: "this kernel does not support it",
	ETIMEDOUT: "the kernel did not answer in time",
	EXFULL: "the bridge holds no more ports (1023)",
};
