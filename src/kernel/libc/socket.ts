import koffi from "koffi";
import { libcCall, libcFunction } from "./call.ts";

const sendSignature = "ssize_t send(int fd, const void *data, size_t length, int flags)";
const sendFunction = libcFunction(sendSignature);
const c = {
	socket: libcCall("int socket(int domain, int type, int protocol)"),
	bind: libcCall("int bind(int fd, const void *address, uint32_t length)"),
	connect: libcCall("int connect(int fd, const void *address, uint32_t length)"),
	listen: libcCall("int listen(int fd, int backlog)"),
	getsockname: libcCall("int getsockname(int fd, void *address, void *length)"),
	send: libcCall(sendSignature),
	sendto: libcCall(
		"ssize_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t addressLength)",
	),
	recv: libcCall("ssize_t recv(int fd, void *data, size_t length, int flags)"),
	setsockopt: libcCall("int setsockopt(int fd, int level, int name, const void *value, uint32_t length)"),
	getsockopt: libcCall("int getsockopt(int fd, int level, int name, void *value, void *length)"),
};

/** @returns A descriptor that is closed on exec. @param type SOCK_*, without SOCK_CLOEXEC. */
export function socket(domain: number, type: number, protocol: number): number {
	return c.socket(domain, type | SOCK_CLOEXEC, protocol);
}

/** @param address A sockaddr of its family. */
export function bind(fd: number, address: Uint8Array): void {
	c.bind(fd, address, address.byteLength);
}

/** Never waits: for datagram sockets, and for those of this machine. */
export function connect(fd: number, address: Uint8Array): void {
	c.connect(fd, address, address.byteLength);
}

export function listen(fd: number, backlog: number): void {
	c.listen(fd, backlog);
}

/** @returns The sockaddr, cut to its length. */
export function getsockname(fd: number): Buffer {
	const address = Buffer.alloc(128);
	const length = Buffer.alloc(4);
	length.writeUInt32LE(address.length);
	c.getsockname(fd, address, length);
	return address.subarray(0, Math.min(length.readUInt32LE(), address.length));
}

/** @returns The bytes taken: all of them, for a datagram. */
export function send(fd: number, data: Uint8Array, flags = 0): number {
	return c.send(fd, data, data.byteLength, flags);
}

/** Sends on a thread of its own: what the kernel takes long for holds up nothing else. @returns The bytes taken; -1 for none. */
export function sendAside(fd: number, data: Uint8Array): Promise<number> {
	return new Promise((resolve, reject) => {
		sendFunction.async(fd, data, data.byteLength, 0, (error: unknown, sent: bigint | number) => {
			if (error === null) resolve(Number(sent));
			else reject(new Error("send() cannot be called", { cause: error }));
		});
	});
}

/** @param address A sockaddr of the socket's family. */
export function sendto(fd: number, data: Uint8Array, address: Uint8Array): void {
	c.sendto(fd, data, data.byteLength, 0, address, address.byteLength);
}

/** @returns The length of the datagram; with MSG_TRUNC in `flags` also when it is longer than `into`. */
export function recv(fd: number, into: Uint8Array, flags = 0): number {
	return c.recv(fd, into, into.byteLength, flags);
}

export function setsockopt(fd: number, level: number, name: number, value: Uint8Array): void {
	c.setsockopt(fd, level, name, value, value.byteLength);
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
	c.getsockopt(fd, level, name, value, size);
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

const SOCK_CLOEXEC = 0x80000;
/** asm-generic/socket.h */
const [SOL_SOCKET, SO_ATTACH_FILTER] = [1, 26];
/** sys/socket.h: the datagram was cut (in msg_flags), or tell me its real length (in flags). */
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
