import { type ErrorCode, WeftError } from "../model/error.ts";
import { codeOf } from "./errno.ts";
import { limitReached } from "./limit.ts";

/**
 * The one place where what the kernel says becomes what a person reads.
 * @param task   "Cannot add link vxlan1 in 1-0123456789".
 * @param byCode Codes of errors that mean something special for this task; a limit that is reached is KERNEL_LIMIT, anything else KERNEL_REFUSED.
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
	const limit = limitReached(task, name, cause);
	if (limit !== undefined) return limit;
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
};
