import { connect, type Socket } from "node:net";
import type { PictureChange } from "../dns/picture.ts";
import { WeftError } from "../model/error.ts";
import { Lines, type PictureAck, type PictureMessage } from "./protocol.ts";

const ackTimeoutMs = 5_000;

/** The agent's connection to the names process. */
export class NamesClient {
	readonly #socket: Socket;
	readonly #waiting = new Map<number, { resolve(ack: PictureAck): void; reject(error: WeftError): void }>();
	#seq = 0;

	private constructor(socket: Socket, onClose: () => void) {
		this.#socket = socket;
		const lines = new Lines();
		socket.setEncoding("utf8");
		socket.on("data", (chunk: string) => {
			for (const line of lines.push(chunk)) {
				const ack = JSON.parse(line) as PictureAck;
				this.#waiting.get(ack.seq)?.resolve(ack);
				this.#waiting.delete(ack.seq);
			}
		});
		socket.on("error", () => socket.destroy());
		socket.on("close", () => {
			for (const { reject } of this.#waiting.values()) reject(away());
			this.#waiting.clear();
			onClose();
		});
	}

	/** @throws When nobody serves at that socket. */
	static connect(socketPath: string, onClose: () => void): Promise<NamesClient> {
		return new Promise((resolve, reject) => {
			const socket = connect(socketPath);
			socket.once("error", reject);
			socket.once("connect", () => {
				socket.off("error", reject);
				resolve(new NamesClient(socket, onClose));
			});
		});
	}

	/** @returns What the names process made of it. @throws {WeftError} TIMEOUT, or AGENT_UNREACHABLE when it ended. */
	tell(changes: readonly PictureChange[], whole: boolean): Promise<PictureAck> {
		const message: PictureMessage = { seq: ++this.#seq, whole, changes };
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.#waiting.delete(message.seq);
				reject(new WeftError("TIMEOUT", `Cannot tell the names process: no answer within ${ackTimeoutMs} ms`));
			}, ackTimeoutMs);
			const settled = () => clearTimeout(timer);
			this.#waiting.set(message.seq, {
				resolve: (ack) => {
					settled();
					resolve(ack);
				},
				reject: (error) => {
					settled();
					reject(error);
				},
			});
			this.#socket.write(`${JSON.stringify(message)}\n`);
		});
	}

	close(): void {
		this.#socket.destroy();
	}
}

function away(): WeftError {
	return new WeftError("AGENT_UNREACHABLE", "Cannot tell the names process: it ended; it is being started again");
}
