import { codeOf } from "../errno.ts";
import { bind } from "../libc/socket.ts";

/**
 * Port ids of this process: above all process ids (2^22), which sockets get by default, and below what the kernel hands
 * out when that is taken (from 2^31 on). Two processes on one host differ in the 14 random bits.
 */
const portBase = 0x40000000 + Math.floor(Math.random() * 2 ** 14) * 2 ** 16;
let portCounter = 0;

/** @returns Whether the port id that an event names is one of this process's request sockets. */
export function isOwnPort(portId: number): boolean {
	return portId >= portBase && portId < portBase + 2 ** 16;
}

/** Binds a netlink socket to a port id of this process. @returns The port id. */
export function bindOwnPort(fd: number): number {
	for (let attempt = 1; ; attempt++) {
		portCounter = (portCounter + 1) % 2 ** 16;
		try {
			bind(fd, netlinkAddress(portBase + portCounter));
			return portBase + portCounter;
		} catch (error) {
			if (codeOf(error) !== "EADDRINUSE" || attempt === 2 ** 10) throw error;
		}
	}
}

/** @returns struct sockaddr_nl. */
export function netlinkAddress(portId: number): Buffer {
	const address = Buffer.alloc(12);
	address.writeUInt16LE(AF_NETLINK);
	address.writeUInt32LE(portId, 4);
	return address;
}

export const AF_NETLINK = 16;
