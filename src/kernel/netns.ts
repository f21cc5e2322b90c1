import { closeSync, mkdirSync, openSync, readdirSync, statfsSync, unlinkSync, writeFileSync } from "node:fs";
import { WeftError } from "../model/error.ts";
import { hostNetns, type NetnsRef } from "../model/kernel-state.ts";
import { codeOf } from "./errno.ts";
import { mount, setNetns, umount2, unshareNetns } from "./libc/namespace.ts";
import { getsockopt, socket } from "./libc/socket.ts";
import { netnsLimitReached } from "./limit.ts";
import { toWeftError } from "./refusal.ts";

/** Where iproute2 pins namespaces, so that `ip netns` lists weft's. */
export const netnsFolder = "/run/netns";

const ownPath = "/proc/thread-self/ns/net";

/** @returns The path of a namespace. @param ref "host" means the one that this process runs in. */
export function netnsPath(ref: NetnsRef): string {
	if (ref === hostNetns) return ownPath;
	return ref.startsWith("/") ? ref : `${netnsFolder}/${ref}`;
}

/** @returns A descriptor, closed on exec, that keeps the namespace alive until it is closed. @throws {WeftError} NETNS_NOT_FOUND */
export function openNetns(ref: NetnsRef): number {
	const path = netnsPath(ref);
	try {
		if (statfsSync(path).type !== NSFS_MAGIC) throw notFound(ref);
		return openSync(path, "r");
	} catch (cause) {
		if (isAbsent(codeOf(cause))) throw notFound(ref, cause);
		throw toWeftError(`Cannot open network namespace ${ref}`, cause);
	}
}

let ownNetns: number | undefined;

/**
 * Runs `work` in a namespace. Only sockets and /proc/sys are touched in there, and nothing may be awaited: setns() moves
 * this thread, and whatever ran next on it would run in the container's namespace.
 * @throws {WeftError} NETNS_NOT_FOUND, NOT_PERMITTED, and what `work` throws.
 */
export function inNetns<T>(ref: NetnsRef, work: () => T extends PromiseLike<unknown> ? never : T): T {
	if (ref === hostNetns) return work();
	const target = openNetns(ref);
	try {
		return away(() => enter(ref, target), work);
	} finally {
		closeSync(target);
	}
}

function enter(ref: NetnsRef, fd: number): void {
	try {
		setNetns(fd);
	} catch (cause) {
		// EINVAL: a namespace of another kind (mnt, pid), or a plain file.
		if (codeOf(cause) === "EINVAL") throw notFound(ref, cause);
		throw toWeftError(`Cannot enter network namespace ${ref}`, cause);
	}
}

/** Leaves for another namespace by `leave`, runs `work` there, and comes back whatever happens. */
function away<T>(leave: () => void, work: () => T): T {
	ownNetns ??= openSync(ownPath, "r");
	leave();
	try {
		return work();
	} finally {
		comeBack(ownNetns);
	}
}

/** A process that can't come back would go on changing a container's network in place of the host's: it must not go on. */
function comeBack(own: number): void {
	try {
		setNetns(own);
	} catch (error) {
		console.error(`Cannot return to the own network namespace: ${String(error)}`);
		process.abort();
	}
}

/**
 * Makes a namespace and pins it at /run/netns/<name>, as `ip netns add` does. One that exists already is left as it is.
 * @throws {WeftError} NOT_PERMITTED, KERNEL_LIMIT, KERNEL_REFUSED
 */
export function createNetns(name: string): void {
	const path = `${netnsFolder}/${name}`;
	if (isNetns(path)) return;
	try {
		shareNetnsFolder();
		writeFileSync(path, "", { mode: 0o444 });
		try {
			away(
				() => withinLimits("unshare", name, unshareNetns),
				() => withinLimits("mount", name, () => mount(ownPath, path, "none", MS_BIND)),
			);
		} catch (error) {
			unlinkSync(path);
			throw error;
		}
	} catch (cause) {
		throw toWeftError(`Cannot make network namespace ${name}`, cause);
	}
}

/** @throws {WeftError} KERNEL_LIMIT @throws {Errno} */
function withinLimits(call: "unshare" | "mount", name: string, work: () => void): void {
	try {
		work();
	} catch (cause) {
		throw codeOf(cause) === "ENOSPC" ? netnsLimitReached(`Cannot make network namespace ${name}`, call, cause) : cause;
	}
}

/**
 * Makes /run/netns a shared mount of its own, so that what is pinned there is seen in the mount namespaces of others
 * (systemd services, containers), and what is unpinned is let go there, too.
 */
function shareNetnsFolder(): void {
	mkdirSync(netnsFolder, { recursive: true, mode: 0o755 });
	try {
		mount("", netnsFolder, "none", MS_SHARED | MS_REC);
	} catch (error) {
		// Not a mount of its own yet.
		if (codeOf(error) !== "EINVAL") throw error;
		mount(netnsFolder, netnsFolder, "none", MS_BIND | MS_REC);
		mount("", netnsFolder, "none", MS_SHARED | MS_REC);
	}
}

/** Unpins a namespace; the kernel removes it when nothing else holds it. One that is gone is no error. */
export function deleteNetns(name: string): void {
	const path = `${netnsFolder}/${name}`;
	try {
		umount2(path, MNT_DETACH);
	} catch (cause) {
		// EINVAL: the file stands there, but nothing is mounted on it.
		const code = codeOf(cause);
		if (code === "ENOENT") return;
		if (code !== "EINVAL") throw toWeftError(`Cannot remove network namespace ${name}`, cause);
	}
	try {
		unlinkSync(path);
	} catch (cause) {
		if (codeOf(cause) !== "ENOENT") throw toWeftError(`Cannot remove network namespace ${name}`, cause);
	}
}

/** @returns The names below /run/netns that a namespace is pinned at, sorted. */
export function listNetns(): string[] {
	return lookThrough(() => true).pinned;
}

/**
 * Unlinks those names that no namespace is pinned at: their maker was killed between the file and the mount, or between the
 * unmount and the file.
 * @param isOwn Which names below /run/netns are meant.
 * @returns Those that a namespace is pinned at, sorted.
 */
export function listOwnNetns(isOwn: (name: string) => boolean): string[] {
	const { pinned, bare } = lookThrough(isOwn);
	try {
		for (const name of bare) unlinkSync(`${netnsFolder}/${name}`);
	} catch (cause) {
		if (codeOf(cause) !== "ENOENT") throw toWeftError("Cannot tidy up network namespaces", cause);
	}
	return pinned;
}

/** Tells names below /run/netns that a namespace is pinned at from those that are files and no more. */
function lookThrough(isMeant: (name: string) => boolean): { pinned: string[]; bare: string[] } {
	const [pinned, bare]: [string[], string[]] = [[], []];
	try {
		for (const name of readdirSync(netnsFolder).sort())
			if (isMeant(name)) (isNetns(`${netnsFolder}/${name}`) ? pinned : bare).push(name);
	} catch (cause) {
		if (codeOf(cause) !== "ENOENT") throw toWeftError("Cannot list network namespaces", cause);
	}
	return { pinned, bare };
}

/**
 * @returns The number that the kernel gives a namespace for its life and never again (SO_NETNS_COOKIE, Linux 5.14), in decimal.
 * @throws {WeftError} NETNS_NOT_FOUND
 */
export function netnsCookie(ref: NetnsRef): string {
	return inNetns(ref, () => {
		const fd = socket(AF_INET, SOCK_DGRAM, 0);
		try {
			return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, 8).readBigUInt64LE().toString();
		} finally {
			closeSync(fd);
		}
	});
}

function isNetns(path: string): boolean {
	try {
		return statfsSync(path).type === NSFS_MAGIC;
	} catch (error) {
		if (isAbsent(codeOf(error))) return false;
		throw error;
	}
}

/** ESRCH: the process of /proc/<pid>/ns/net has ended meanwhile. */
function isAbsent(code: string | undefined): boolean {
	return code === "ENOENT" || code === "ENOTDIR" || code === "ESRCH";
}

function notFound(ref: NetnsRef, cause?: unknown): WeftError {
	return new WeftError("NETNS_NOT_FOUND", `Cannot enter network namespace ${ref}: there is none`, { cause });
}

/** linux/magic.h: what statfs(2) says of a file that is a namespace. */
const NSFS_MAGIC = 0x6e736673;
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_SHARED = 0x100000;
const MNT_DETACH = 2;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_NETNS_COOKIE = 71;
