import type { Http2SecureServer } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** At one time: of one address, and of all. The oldest goes first, so that whoever comes in earnest has his handshake done. */
const [mostOfAddress, mostOfAll] = [32, 512];
/** A flood is a line in the log now and then, not a flood of lines. */
const tellEveryMs = 10_000;

/** One who is connected, and has shown no certificate of the cluster. */
interface Stranger {
	socket: Socket;
	readonly timer: NodeJS.Timeout;
}

/** How many connections were closed since the last time, and whose was the last one. */
export type TellClosed = (closed: { readonly count: number; readonly address: string }) => void;

/**
 * Bounds, in time and in number, what those can hold of a listener who have shown no certificate of the cluster.
 * @param longestMs A joiner's request and its way through another host take 7 s at most.
 */
export function boundStrangers(server: Http2SecureServer, tell: TellClosed, longestMs = 10_000): void {
	/** By their addresses, the oldest first. */
	const strangers = new Map<string, Map<string, Stranger>>();
	const tellSoon = gatherClosed(tell);
	const forget = (address: string, port: string) => {
		const ofAddress = strangers.get(address);
		clearTimeout(ofAddress?.get(port)?.timer);
		ofAddress?.delete(port);
		if (ofAddress?.size === 0) strangers.delete(address);
	};
	const close = (address: string, port: string) => {
		strangers.get(address)?.get(port)?.socket.destroy();
		forget(address, port);
		tellSoon(address);
	};
	server.on("connection", (socket: Socket) => {
		const [address, port] = peerOf(socket);
		const ofAddress = strangers.get(address) ?? new Map<string, Stranger>();
		strangers.set(address, ofAddress);
		const timer = setTimeout(() => close(address, port), longestMs);
		timer.unref();
		ofAddress.set(port, { socket, timer });
		socket.once("close", () => forget(address, port));
		if (ofAddress.size > mostOfAddress) close(address, firstOf(ofAddress));
		else if (total(strangers) > mostOfAll) {
			const most = [...strangers].reduce((one, other) => (other[1].size > one[1].size ? other : one));
			close(most[0], firstOf(most[1]));
		}
	});
	server.on("secureConnection", (socket: TLSSocket) => {
		const [address, port] = peerOf(socket);
		const stranger = strangers.get(address)?.get(port);
		if (socket.authorized) forget(address, port);
		else if (stranger !== undefined) {
			// It has taken the bare socket's place, which tells nothing any more.
			stranger.socket = socket;
			socket.once("close", () => forget(address, port));
		}
	});
}

function peerOf({ remoteAddress, remotePort }: Socket): [string, string] {
	return [remoteAddress ?? "", String(remotePort)];
}

function firstOf(ofAddress: ReadonlyMap<string, Stranger>): string {
	const [first = ""] = ofAddress.keys();
	return first;
}

function total(strangers: ReadonlyMap<string, ReadonlyMap<string, Stranger>>): number {
	return [...strangers.values()].reduce((sum, { size }) => sum + size, 0);
}

/** Tells of the first at once, and of those behind it together. */
function gatherClosed(tell: TellClosed): (address: string) => void {
	let [count, last, tellAt] = [0, "", 0];
	let timer: NodeJS.Timeout | undefined;
	const flush = () => {
		timer = undefined;
		tellAt = performance.now() + tellEveryMs;
		tell({ count, address: last });
		count = 0;
	};
	return (address) => {
		count++;
		last = address;
		if (timer !== undefined) return;
		timer = setTimeout(flush, Math.max(0, tellAt - performance.now()));
		timer.unref();
	};
}
