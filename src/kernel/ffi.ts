import koffi from "koffi";
import { Errno } from "./errno.ts";

/**
 * The C library, as far as netlink and namespaces need it. What node:fs can do (open, close, read, write: on the calling
 * thread, in its *Sync forms) is done with node:fs.
 *
 * A signature that differs from the C one corrupts memory, so each stands here once, behind a function with types.
 * Buffers are lent for the time of a call only; what the kernel writes to later lives in {@link Arena}.
 */
const libc = koffi.load("libc.so.6");
koffi.alias("ssize_t", "int64_t");

const c = {
	socket: libc.func("int socket(int domain, int type, int protocol)"),
	bind: libc.func("int bind(int fd, const void *address, uint32_t length)"),
	connect: libc.func("int connect(int fd, const void *address, uint32_t length)"),
	listen: libc.func("int listen(int fd, int backlog)"),
	getsockname: libc.func("int getsockname(int fd, void *address, void *length)"),
	send: libc.func("ssize_t send(int fd, const void *data, size_t length, int flags)"),
	sendto: libc.func(
		"ssize_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t addressLength)",
	),
	recv: libc.func("ssize_t recv(int fd, void *data, size_t length, int flags)"),
	recvmsg: libc.func("ssize_t recvmsg(int fd, void *header, int flags)"),
	setsockopt: libc.func("int setsockopt(int fd, int level, int name, const void *value, uint32_t length)"),
	getsockopt: libc.func("int getsockopt(int fd, int level, int name, void *value, void *length)"),
	setns: libc.func("int setns(int fd, int type)"),
	unshare: libc.func("int unshare(int flags)"),
	mount: libc.func(
		"int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)",
	),
	umount2: libc.func("int umount2(const char *target, int flags)"),
	tcgetattr: libc.func("int tcgetattr(int fd, void *termios)"),
	cfmakeraw: libc.func("void cfmakeraw(void *termios)"),
	tcsetattr: libc.func("int tcsetattr(int fd, int actions, const void *termios)"),
	pipe2: libc.func("int pipe2(void *fds, int flags)"),
	getrlimit: libc.func("int getrlimit(int resource, void *limit)"),
	waitpid: libc.func("int waitpid(int pid, void *status, int options)"),
	// Variadic in C; glibc has no pidfd_open before 2.36.
	syscall: libc.func("long syscall(long number, long first, long second)"),
};

/** These return the errno itself. */
const posix = {
	spawn: libc.func(
		"int posix_spawn(_Out_ int *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **envp)",
	),
	actionsInit: libc.func("int posix_spawn_file_actions_init(void *actions)"),
	actionsDestroy: libc.func("int posix_spawn_file_actions_destroy(void *actions)"),
	addDup2: libc.func("int posix_spawn_file_actions_adddup2(void *actions, int fd, int newFd)"),
	addOpen: libc.func(
		"int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, uint32_t mode)",
	),
	addChdir: libc.func("int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)"),
	attributesInit: libc.func("int posix_spawnattr_init(void *attributes)"),
	setFlags: libc.func("int posix_spawnattr_setflags(void *attributes, short flags)"),
	setSigDefault: libc.func("int posix_spawnattr_setsigdefault(void *attributes, const void *signals)"),
	setSigMask: libc.func("int posix_spawnattr_setsigmask(void *attributes, const void *signals)"),
};

const EINTR = 4;

/** Calls until it is not interrupted. @throws {Errno} The call returned -1. */
function check(name: keyof typeof c, ...args: unknown[]): number {
	for (;;) {
		const result = Number(c[name](...args));
		if (result >= 0) return result;
		const errno = koffi.errno();
		if (errno !== EINTR) throw new Errno(name, errno);
	}
}

/** @returns A descriptor that is closed on exec. @param type SOCK_*, without SOCK_CLOEXEC. */
export function socket(domain: number, type: number, protocol: number): number {
	return check("socket", domain, type | SOCK_CLOEXEC, protocol);
}

/** @param address A sockaddr of its family. */
export function bind(fd: number, address: Uint8Array): void {
	check("bind", fd, address, address.byteLength);
}

/** Never waits: for datagram sockets, and for those of this machine. */
export function connect(fd: number, address: Uint8Array): void {
	check("connect", fd, address, address.byteLength);
}

export function listen(fd: number, backlog: number): void {
	check("listen", fd, backlog);
}

/** @returns The sockaddr, cut to its length. */
export function getsockname(fd: number): Buffer {
	const address = Buffer.alloc(128);
	const length = Buffer.alloc(4);
	length.writeUInt32LE(address.length);
	check("getsockname", fd, address, length);
	return address.subarray(0, Math.min(length.readUInt32LE(), address.length));
}

/** @returns The bytes taken: all of them, for a datagram. */
export function send(fd: number, data: Uint8Array, flags = 0): number {
	return check("send", fd, data, data.byteLength, flags);
}

/** Sends on a thread of its own: what the kernel takes long for holds up nothing else. @returns The bytes taken; -1 for none. */
export function sendAside(fd: number, data: Uint8Array): Promise<number> {
	return new Promise((resolve, reject) => {
		c.send.async(fd, data, data.byteLength, 0, (error: unknown, sent: bigint | number) => {
			if (error === null) resolve(Number(sent));
			else reject(new Error("send() cannot be called", { cause: error }));
		});
	});
}

/** @param address A sockaddr of the socket's family. */
export function sendto(fd: number, data: Uint8Array, address: Uint8Array): void {
	check("sendto", fd, data, data.byteLength, 0, address, address.byteLength);
}

/** @returns The length of the datagram; with MSG_TRUNC in `flags` also when it is longer than `into`. */
export function recv(fd: number, into: Uint8Array, flags = 0): number {
	return check("recv", fd, into, into.byteLength, flags);
}

export function setsockopt(fd: number, level: number, name: number, value: Uint8Array): void {
	check("setsockopt", fd, level, name, value, value.byteLength);
}

/** @param value An int. */
export function setsockoptInt(fd: number, level: number, name: number, value: number): void {
	const bytes = Buffer.alloc(4);
	bytes.writeInt32LE(value);
	setsockopt(fd, level, name, bytes);
}

/** @returns `length` bytes at most. */
export function getsockopt(fd: number, level: number, name: number, length: number): Buffer {
	const value = Buffer.alloc(length);
	const size = Buffer.alloc(4);
	size.writeUInt32LE(length);
	check("getsockopt", fd, level, name, value, size);
	return value.subarray(0, Math.min(size.readUInt32LE(), length));
}

/** @param program Classic BPF: struct sock_filter, 8 bytes each. The kernel keeps a copy. */
export function attachFilter(fd: number, program: Uint8Array): void {
	const memory: unknown = koffi.alloc("uint8_t", program.byteLength);
	try {
		Buffer.from(koffi.view(memory, program.byteLength)).set(program);
		// struct sock_fprog (LP64): the number of instructions, and where they are.
		const pointer = Buffer.alloc(16);
		pointer.writeUInt16LE(program.byteLength / 8, 0);
		pointer.writeBigUInt64LE(koffi.address(memory), 8);
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, pointer);
	} finally {
		koffi.free(memory);
	}
}

/** Moves the calling thread, and no other, into the network namespace of `fd`. */
export function setNetns(fd: number): void {
	check("setns", fd, CLONE_NEWNET);
}

/** Moves the calling thread, and no other, into a new network namespace. */
export function unshareNetns(): void {
	check("unshare", CLONE_NEWNET);
}

export function mount(source: string, target: string, type: string, flags: number): void {
	check("mount", source, target, type, flags, null);
}

export function umount2(target: string, flags: number): void {
	check("umount2", target, flags);
}

/** @returns How many descriptors this process may have open (RLIMIT_NOFILE, the soft one). Needs no descriptor. */
export function descriptorLimit(): number {
	// struct rlimit (LP64): two unsigned longs, the soft limit first.
	const limit = Buffer.alloc(16);
	check("getrlimit", RLIMIT_NOFILE, limit);
	return Number(limit.readBigUInt64LE());
}

/** @returns The settings of a terminal: a struct termios. */
export function tcgetattr(fd: number): Buffer {
	const termios = Buffer.alloc(TERMIOS_BYTES);
	check("tcgetattr", fd, termios);
	return termios;
}

/** @returns The same without what a terminal does of itself: no echo, no lines, no signals, and output as it comes. */
export function cfmakeraw(termios: Uint8Array): Buffer {
	const raw = Buffer.from(termios);
	c.cfmakeraw(raw);
	return raw;
}

/** Sets them at once. */
export function tcsetattr(fd: number, termios: Uint8Array): void {
	if (termios.byteLength < TERMIOS_BYTES) throw new RangeError("a struct termios is longer");
	check("tcsetattr", fd, TCSANOW, termios);
}

/** @returns A descriptor that is readable when the process has ended, closed on exec. @throws {Errno} ESRCH */
export function pidfdOpen(pid: number): number {
	return check("syscall", SYS_pidfd_open, pid, 0);
}

/** @returns The end to read from and the one to write to, closed on exec. */
export function pipe(): [number, number] {
	const fds = Buffer.alloc(8);
	check("pipe2", fds, O_CLOEXEC);
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
	return check("waitpid", pid, status, WNOHANG) === 0 ? undefined : status.readInt32LE();
}

/** A datagram with what came beside it. Both are valid until the next receive from the same arena. */
export interface Received {
	readonly data: Buffer;
	/** The control messages (cmsghdr), as the kernel wrote them. */
	readonly control: Buffer;
	/** Who sent it: a sockaddr, at most 16 bytes of it. */
	readonly sender: Buffer;
}

/**
 * Memory for recvmsg(2) that stays in its place: struct msghdr (56 bytes on LP64), one struct iovec (16), the control
 * messages, the sender's address, then the data.
 */
export class Arena {
	readonly #memory: unknown;
	readonly #bytes: Buffer;

	constructor(dataLength: number) {
		const size = dataOffset + dataLength;
		this.#memory = koffi.alloc("uint8_t", size);
		this.#bytes = Buffer.from(koffi.view(this.#memory, size));
		const address = koffi.address(this.#memory);
		this.#bytes.fill(0, 0, dataOffset);
		this.#bytes.writeBigUInt64LE(address + BigInt(senderOffset), 0);
		this.#bytes.writeBigUInt64LE(address + BigInt(iovOffset), 16);
		this.#bytes.writeBigUInt64LE(1n, 24);
		this.#bytes.writeBigUInt64LE(address + BigInt(controlOffset), 32);
		this.#bytes.writeBigUInt64LE(address + BigInt(dataOffset), iovOffset);
		this.#bytes.writeBigUInt64LE(BigInt(dataLength), iovOffset + 8);
	}

	/** @throws {Errno} EAGAIN with MSG_DONTWAIT and nothing to read; EMSGSIZE when the datagram is longer than the arena. */
	receive(fd: number, flags: number): Received {
		this.#bytes.writeUInt32LE(dataOffset - senderOffset, 8);
		this.#bytes.writeBigUInt64LE(BigInt(senderOffset - controlOffset), 40);
		const length = check("recvmsg", fd, this.#memory, flags);
		if ((this.#bytes.readUInt32LE(48) & MSG_TRUNC) !== 0) throw new Errno("recvmsg", EMSGSIZE);
		const controlLength = Number(this.#bytes.readBigUInt64LE(40));
		const senderLength = Math.min(this.#bytes.readUInt32LE(8), dataOffset - senderOffset);
		return {
			data: this.#bytes.subarray(dataOffset, dataOffset + length),
			control: this.#bytes.subarray(controlOffset, controlOffset + controlLength),
			sender: this.#bytes.subarray(senderOffset, senderOffset + senderLength),
		};
	}

	/** Nothing read from the arena may be used after it. */
	free(): void {
		koffi.free(this.#memory);
	}
}

const iovOffset = 56;
const controlOffset = 72;
const senderOffset = controlOffset + 256;
const dataOffset = senderOffset + 16;

/**
 * Calls back on the main loop whenever `fd` is readable (level-triggered). The watch doesn't keep the process alive.
 * @returns Ends the watch; to be called before `fd` is closed.
 */
export function pollReadable(fd: number, callback: () => void): () => void {
	const handle = koffi.node.poll(fd, { readable: true }, callback);
	handle.unref();
	return () => handle.close();
}

const SOCK_CLOEXEC = 0x80000;
/** asm-generic/socket.h */
const [SOL_SOCKET, SO_ATTACH_FILTER] = [1, 26];
/** asm-generic/unistd.h: the same on all architectures. */
const SYS_pidfd_open = 434;
const CLONE_NEWNET = 0x40000000;
const EMSGSIZE = 90;
const [O_RDWR, O_CLOEXEC] = [2, 0x80000];
const WNOHANG = 1;
/** asm-generic/resource.h */
const RLIMIT_NOFILE = 7;
/** spawn.h: posix_spawnattr_t has 336 bytes, posix_spawn_file_actions_t 80, sigset_t 128. */
const [SPAWN_BYTES, SIGSET_BYTES] = [512, 128];
const [SPAWN_SETSIGDEF, SPAWN_SETSIGMASK, SPAWN_SETSID] = [0x04, 0x08, 0x80];
/** bits/termios-struct.h: the same on x86_64 and aarch64. */
const TERMIOS_BYTES = 60;
const TCSANOW = 0;
/** sys/socket.h: the datagram was cut (in msg_flags), or tell me its real length (in flags). */
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
