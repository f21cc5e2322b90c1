import { randomInt } from "node:crypto";
import { vxlanPort } from "../drivers/overlay.ts";
import { RawUdp } from "../kernel/raw-udp.ts";
import type { Ipv4 } from "../model/address.ts";
import type { PathState } from "../model/view.ts";

/** When packets are sent, in ms. More than once: one may be lost, and a host may need a moment to let a new VTEP in. */
const scheduleMs = [0, 30, 100, 300, 600, 1_000] as const;
/** Until what was sent last has arrived. */
const graceMs = 150;
const lastMs = Math.max(...scheduleMs);

/** 32768 to 60999 is what Linux chooses from (ip_local_port_range). */
const ephemeralPorts = [32_768, 61_000] as const;

export interface ExchangeOptions {
	readonly peer: Ipv4;
	/** 24 hex digits, the same on both sides. */
	readonly nonce: string;
	/** Of the largest packet that both underlay interfaces carry, IP header included. */
	readonly fullBytes: number;
}

/** One host's half of a test: for about a second it sends small and full packets to the peer, and hears the peer's. */
export class PacketExchange {
	/** Resolves as soon as all is heard, else at the end. */
	readonly heard: Promise<PathState>;
	readonly ended: Promise<void>;
	readonly #socket: RawUdp;
	readonly #timers: NodeJS.Timeout[];
	readonly #resolve: (heard: PathState) => void;
	readonly #end: () => void;
	#small = false;
	#full = false;

	/** @throws {WeftError} NOT_PERMITTED */
	constructor({ peer, nonce, fullBytes }: ExchangeOptions) {
		const { promise, resolve } = Promise.withResolvers<PathState>();
		this.heard = promise;
		this.#resolve = resolve;
		const end = Promise.withResolvers<void>();
		this.ended = end.promise;
		this.#end = end.resolve;
		this.#socket = new RawUdp({
			port: vxlanPort,
			sourcePort: randomInt(...ephemeralPorts),
			// VXLAN's flags are 0, so without the bit that makes a frame valid (RFC 7348, section 5).
			head: Buffer.concat([Buffer.alloc(4), Buffer.from(nonce, "hex")]),
			onPacket: (from, totalBytes) => {
				if (from === peer) this.#note(totalBytes, fullBytes);
			},
		});
		const send = () => {
			for (const bytes of [0, fullBytes]) this.#socket.send(peer, bytes);
		};
		this.#timers = [
			...scheduleMs.map((atMs) => setTimeout(send, atMs)),
			setTimeout(() => this.close(), lastMs + graceMs),
		];
	}

	/** Ends it before its time; more than once is no error. */
	close(): void {
		if (this.#timers.length === 0) return;
		for (const timer of this.#timers.splice(0)) clearTimeout(timer);
		this.#socket.close();
		this.#resolve(this.#full ? "ok" : this.#small ? "small-only" : "blocked");
		this.#end();
	}

	#note(totalBytes: number, fullBytes: number): void {
		if (totalBytes >= fullBytes) this.#full = true;
		else this.#small = true;
		if (this.#full && this.#small) this.#resolve("ok");
	}
}
