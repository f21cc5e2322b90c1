import { closeSync } from "node:fs";
import type { Ipv4 } from "../model/address.ts";
import { ipv4ToNumber } from "../model/address.ts";
import type { NetnsRef } from "../model/kernel-state.ts";
import { bind, connect, listen, setsockoptInt, socket } from "./libc/socket.ts";
import { inNetns } from "./netns.ts";

/** asm-generic/socket.h */
const [AF_INET, SOCK_STREAM, SOCK_DGRAM, SOL_SOCKET, SO_REUSEADDR] = [2, 1, 2, 1, 2];

/**
 * @returns A UDP socket that is bound in another namespace: `dgram.createSocket("udp4").bind({ fd })` serves it.
 * @throws {WeftError} NETNS_NOT_FOUND @throws {Errno} EADDRINUSE; ENETUNREACH while lo is down there
 */
export function udpSocketIn(ns: NetnsRef, address: Ipv4, port: number): number {
	return boundIn(ns, SOCK_DGRAM, address, port, () => {});
}

/**
 * @returns A TCP socket that listens in another namespace: `net.createServer().listen({ fd })` serves it.
 * @throws {WeftError} NETNS_NOT_FOUND @throws {Errno} EADDRINUSE; ENETUNREACH while lo is down there
 */
export function tcpListenerIn(ns: NetnsRef, address: Ipv4, port: number, backlog: number): number {
	return boundIn(ns, SOCK_STREAM, address, port, (fd) => listen(fd, backlog));
}

function boundIn(ns: NetnsRef, type: number, address: Ipv4, port: number, prepare: (fd: number) => void): number {
	return inNetns(ns, () => {
		requireRoute(address, port);
		const fd = socket(AF_INET, type, 0);
		try {
			// For UDP it would let a second server bind the same address, and take every datagram.
			if (type === SOCK_STREAM) setsockoptInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
			bind(fd, sockaddrIn(address, port));
			prepare(fd);
			return fd;
		} catch (error) {
			closeSync(fd);
			throw error;
		}
	});
}

/**
 * A namespace that was just made has no routing table yet: there bind() takes the address for a broadcast (inet_bind,
 * net/ipv4/af_inet.c), and all that the socket ever sends would come from another address than it was asked at.
 */
function requireRoute(address: Ipv4, port: number): void {
	const fd = socket(AF_INET, SOCK_DGRAM, 0);
	try {
		connect(fd, sockaddrIn(address, port));
	} finally {
		closeSync(fd);
	}
}

/** struct sockaddr_in (netinet/in.h): the family in host order, port and address in network order. */
export function sockaddrIn(address: Ipv4, port: number): Buffer {
	const bytes = Buffer.alloc(16);
	bytes.writeUInt16LE(AF_INET, 0);
	bytes.writeUInt16BE(port, 2);
	bytes.writeUInt32BE(ipv4ToNumber(address), 4);
	return bytes;
}
