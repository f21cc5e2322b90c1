import { setsockopt, setsockoptInt } from "../libc/socket.ts";

/** Makes a socket for requests: no receive waits for ever, refusals come in words, dumps are filtered by the kernel. */
export function setRequestOptions(fd: number): void {
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, receiveTimeout);
	setsockoptInt(fd, SOL_SOCKET, SO_RCVBUFFORCE, requestBufferBytes);
	setsockoptInt(fd, SOL_SOCKET, SO_SNDBUFFORCE, requestBufferBytes);
	for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]) {
		setsockoptInt(fd, SOL_NETLINK, option, 1);
	}
}

/** Makes a socket for events: all namespaces that have a number here are heard through it, and none is kept alive. */
export function setEventOptions(fd: number): void {
	setsockoptInt(fd, SOL_SOCKET, SO_RCVBUFFORCE, eventBufferBytes);
	setsockoptInt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 1);
}

export function joinGroup(fd: number, group: number): void {
	setsockoptInt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
}

/** struct timeval: 2 seconds. The kernel answers within the send; more means that it never will. */
const receiveTimeout = Buffer.alloc(16);
receiveTimeout.writeBigInt64LE(2n, 0);
/** A limit, not memory that is taken. All refusals of one send must fit in. */
const requestBufferBytes = 8 * 1024 * 1024;
/** A limit, too: ten thousand entries that change in one call make 10 MB of events. */
const eventBufferBytes = 32 * 1024 * 1024;

/** linux/netlink.h, asm-generic/socket.h */
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;
export const SOCK_RAW = 3;
export const SOL_NETLINK = 270;
export const NETLINK_LISTEN_ALL_NSID = 8;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
