import { Errno } from "../errno.ts";
import { libcCall, libcFunction } from "./call.ts";

const c = {
	pipe2: libcCall("int pipe2(void *fds, int flags)"),
	getrlimit: libcCall("int getrlimit(int resource, void *limit)"),
	waitpid: libcCall("int waitpid(int pid, void *status, int options)"),
	// Variadic in C; glibc has no pidfd_open before 2.36.
	syscall: libcCall("long syscall(long number, long first, long second)"),
};

/** These return the errno itself. */
const posix = {
	spawn: libcFunction(
		"int posix_spawn(_Out_ int *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **envp)",
	),
	actionsInit: libcFunction("int posix_spawn_file_actions_init(void *actions)"),
	actionsDestroy: libcFunction("int posix_spawn_file_actions_destroy(void *actions)"),
	addDup2: libcFunction("int posix_spawn_file_actions_adddup2(void *actions, int fd, int newFd)"),
	addOpen: libcFunction(
		"int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, uint32_t mode)",
	),
	addChdir: libcFunction("int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)"),
	attributesInit: libcFunction("int posix_spawnattr_init(void *attributes)"),
	setFlags: libcFunction("int posix_spawnattr_setflags(void *attributes, short flags)"),
	setSigDefault: libcFunction("int posix_spawnattr_setsigdefault(void *attributes, const void *signals)"),
	setSigMask: libcFunction("int posix_spawnattr_setsigmask(void *attributes, const void *signals)"),
};

/** @returns How many descriptors this process may have open (RLIMIT_NOFILE, the soft one). Needs no descriptor. */
export function descriptorLimit(): number {
	// struct rlimit (LP64): two unsigned longs, the soft limit first.
	const limit = Buffer.alloc(16);
	c.getrlimit(RLIMIT_NOFILE, limit);
	return Number(limit.readBigUInt64LE());
}

/** @returns A descriptor that is readable when the process has ended, closed on exec. @throws {Errno} ESRCH */
export function pidfdOpen(pid: number): number {
	return c.syscall(SYS_pidfd_open, pid, 0);
}

/** @returns The end to read from and the one to write to, closed on exec. */
export function pipe(): [number, number] {
	const fds = Buffer.alloc(8);
	c.pipe2(fds, O_CLOEXEC);
	return [fds.readInt32LE(0), fds.readInt32LE(4)];
}

/**
 * Starts a program in a session of its own, in /, with no signal ignored or blocked: in a seventh of a millisecond, where
 * Node's own fork copies the tables of all memory of this process first.
 * @param fds What the program has as descriptors 0, 1 …; undefined: /dev/null. All above those numbers.
 * @returns Its pid, for {@link waitEnded}. @throws {Errno} ENOENT, EACCES …
 */
export function posixSpawn(
	file: string,
	argv: readonly string[],
	env: readonly string[],
	fds: readonly (number | undefined)[],
): number {
	const actions = Buffer.alloc(SPAWN_BYTES);
	const attributes = Buffer.alloc(SPAWN_BYTES);
	refuse("actionsInit", actions);
	try {
		for (const [target, fd] of fds.entries()) {
			if (fd === undefined) refuse("addOpen", actions, target, "/dev/null", O_RDWR, 0);
			else if (fd < fds.length) throw new RangeError(`descriptor ${fd} would be overwritten`);
			else refuse("addDup2", actions, fd, target);
		}
		refuse("addChdir", actions, "/");
		refuse("attributesInit", attributes);
		refuse("setFlags", attributes, SPAWN_SETSIGDEF | SPAWN_SETSIGMASK | SPAWN_SETSID);
		refuse("setSigDefault", attributes, Buffer.alloc(SIGSET_BYTES, 0xff));
		refuse("setSigMask", attributes, Buffer.alloc(SIGSET_BYTES));
		const pid = [0];
		refuse("spawn", pid, file, actions, attributes, [...argv, null], [...env, null]);
		return pid[0] ?? 0;
	} finally {
		refuse("actionsDestroy", actions);
	}
}

function refuse(name: keyof typeof posix, ...args: unknown[]): void {
	const errno = Number(posix[name](...args));
	if (errno !== 0) throw new Errno(name === "spawn" ? "posix_spawn" : name, errno);
}

/** Buries a child of {@link posixSpawn}. @returns How it ended (wait(2)); undefined while it has not. */
export function waitEnded(pid: number): number | undefined {
	const status = Buffer.alloc(4);
	return c.waitpid(pid, status, WNOHANG) === 0 ? undefined : status.readInt32LE();
}

/** asm-generic/resource.h */
const RLIMIT_NOFILE = 7;
/** asm-generic/unistd.h: the same on all architectures. */
const SYS_pidfd_open = 434;
const [O_RDWR, O_CLOEXEC] = [2, 0x80000];
const WNOHANG = 1;
/** spawn.h: posix_spawnattr_t has 336 bytes, posix_spawn_file_actions_t 80, sigset_t 128. */
const [SPAWN_BYTES, SIGSET_BYTES] = [512, 128];
const [SPAWN_SETSIGDEF, SPAWN_SETSIGMASK, SPAWN_SETSID] = [0x04, 0x08, 0x80];
