import { readFileSync } from "node:fs";
import { WeftError } from "../model/error.ts";
import { descriptorLimit } from "./libc/process.ts";

/** A limit of the kernel that was reached. */
interface Limit {
	/** What is used up, with the limit's name and value. */
	readonly reason: string;
	readonly fix: string;
}

/** What the kernel says of its limits, and of nothing else. */
const byErrno: Readonly<Record<string, () => Limit>> = {
	EXFULL: () => ({
		reason: "the bridge has as many ports as the kernel allows: 1023 (BR_MAX_PORTS)",
		fix: "run it on another host, or disconnect others here: no setting raises it; weft_gwbridge has a port for each container with a network that is not internal",
	}),
	EMFILE: () => ({
		reason: `the process has none to spare of the ${descriptorLimit()} descriptors that it may have open (RLIMIT_NOFILE)`,
		fix: "LimitNOFILE= in its unit, or a higher ulimit -Hn before weft launch",
	}),
	ENFILE: () => ({
		reason: `all programs together have as many files open as they may: ${read("fs.file-max")} (fs.file-max)`,
		fix: "a higher sysctl -w fs.file-max=N",
	}),
};

/** @returns The error for an errno that speaks of a limit; undefined for any other. */
export function limitReached(task: string, errno: string | undefined, cause: unknown): WeftError | undefined {
	const limit = byErrno[errno ?? ""]?.();
	return limit === undefined ? undefined : limitError(task, limit, cause);
}

/** @returns The error for ENOSPC, when a namespace was to be made, or pinned. @param cause What unshare(2) or mount(2) said. */
export function netnsLimitReached(task: string, call: "unshare" | "mount", cause: unknown): WeftError {
	const [what, name] =
		call === "unshare" ? ["network namespaces", "user.max_net_namespaces"] : ["mounts", "fs.mount-max"];
	const reason = `there are as many ${what} as the kernel allows: ${read(name)} (${name})`;
	return limitError(task, { reason, fix: `a higher sysctl -w ${name}=N` }, cause);
}

/** @returns The error when a folder cannot be watched for want of inotify; undefined for any other reason. @param cause What Node said. */
export function watchLimitReached(task: string, cause: unknown): WeftError | undefined {
	const names: Readonly<Record<string, string>> = {
		// Of all programs of root's together: not the process's descriptors.
		EMFILE: "fs.inotify.max_user_instances",
		ENOSPC: "fs.inotify.max_user_watches",
	};
	const { code, syscall } = cause as NodeJS.ErrnoException;
	const name = syscall === "watch" ? names[code ?? ""] : undefined;
	if (name === undefined) return undefined;
	const reason = `root's programs watch as much as the kernel allows: ${read(name)} (${name})`;
	return limitError(task, { reason, fix: `a higher sysctl -w ${name}=N` }, cause);
}

function limitError(task: string, { reason, fix }: Limit, cause: unknown): WeftError {
	return new WeftError("KERNEL_LIMIT", `${task}: ${reason}`, { fix, cause });
}

/** @returns What a setting stands at. Where no descriptor is free to read it, nobody can tell. */
function read(key: string): string {
	try {
		return readFileSync(`/proc/sys/${key.replaceAll(".", "/")}`, "utf8").trim();
	} catch {
		return "unknown";
	}
}
