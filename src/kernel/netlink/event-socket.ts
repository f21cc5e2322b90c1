import { closeSync } from "node:fs";
import { codeOf } from "../errno.ts";
import { Arena } from "../libc/arena.ts";
import { pollReadable } from "../libc/poll.ts";
import { bind, MSG_DONTWAIT, socket } from "../libc/socket.ts";
import { toWeftError } from "../refusal.ts";
import { type Message, readMessages } from "./message.ts";
import { AF_NETLINK, netlinkAddress } from "./port-id.ts";
import { joinGroup, NETLINK_LISTEN_ALL_NSID, SOCK_RAW, SOL_NETLINK, setEventOptions } from "./socket-options.ts";

/** An event, and the number of the namespace that it comes from; undefined for the namespace of the socket. */
export interface NetlinkEvent {
	readonly nsid: number | undefined;
	readonly message: Message;
}

/**
 * Hears the multicast groups of one netlink protocol in the host's namespace and in all that have a number there
 * (NETLINK_LISTEN_ALL_NSID), and keeps none of them alive.
 */
export class EventSocket {
	readonly #fd: number;
	readonly #arena = new Arena(datagramBytes);
	readonly #stopPolling: () => void;

	/** @param onReadable Called on the main loop while there is something to receive. @throws {WeftError} NOT_PERMITTED */
	constructor(protocol: number, groups: readonly number[], onReadable: () => void) {
		this.#fd = socket(AF_NETLINK, SOCK_RAW, protocol);
		try {
			setEventOptions(this.#fd);
			bind(this.#fd, netlinkAddress(0));
			for (const group of groups) joinGroup(this.#fd, group);
			this.#stopPolling = pollReadable(this.#fd, onReadable);
		} catch (error) {
			this.#arena.free();
			closeSync(this.#fd);
			throw toWeftError("Cannot listen to the kernel's events", error);
		}
	}

	/** @returns The events of one datagram, valid until the next call; "overrun" when some were lost or cannot be read; undefined when there is none. */
	receive(): NetlinkEvent[] | "overrun" | undefined {
		try {
			const { data, control, sender } = this.#arena.receive(this.#fd, MSG_DONTWAIT);
			// Whoever has CAP_NET_ADMIN in a namespace can write to its groups what it likes.
			if (portOf(sender) !== kernelPort) return [];
			const nsid = nsidOf(control);
			return readMessages(data).map((message) => ({ nsid, message }));
		} catch (error) {
			if (codeOf(error) === "EAGAIN") return undefined;
			if (lost.has(codeOf(error))) return "overrun";
			throw error;
		}
	}

	close(): void {
		this.#stopPolling();
		closeSync(this.#fd);
		this.#arena.free();
	}
}

/** @param control struct cmsghdr (on LP64: length in 8 bytes, level and type in 4 each), then an int. */
function nsidOf(control: Buffer): number | undefined {
	if (control.length < 20) return undefined;
	const ours = control.readInt32LE(8) === SOL_NETLINK && control.readInt32LE(12) === NETLINK_LISTEN_ALL_NSID;
	return ours ? control.readInt32LE(16) : undefined;
}

/** @param sender struct sockaddr_nl */
function portOf(sender: Buffer): number | undefined {
	return sender.length < 8 ? undefined : sender.readUInt32LE(4);
}

const kernelPort = 0;
/** Too many events, one that is too long, one that is not well formed. */
const lost: ReadonlySet<string | undefined> = new Set(["ENOBUFS", "EMSGSIZE", "EBADMSG"]);
/** An event is one link at most: about 2 KiB. */
const datagramBytes = 64 * 1024;
