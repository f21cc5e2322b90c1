import type { Socket } from "node:net";
import { Frames, framed } from "./frames.ts";

const idleMs = 10_000;

/** Questions of one connection under way, and bytes of answers not taken yet: with more, no more is read. */
const [mostUnanswered, mostUnsentBytes] = [32, 128 * 1024];

/**
 * Answers the messages of one connection, each when its answer is there (RFC 7766, section 6.2.1.1), and ends it when the other end does.
 * @param reply Undefined for a message that is no question: the connection is cut.
 */
export function serveStream(socket: Socket, reply: (message: Buffer) => Buffer | undefined | Promise<Buffer>): void {
	const frames = new Frames();
	let unanswered = 0;
	let ended = false;
	const send = (message: Buffer) => {
		if (!socket.destroyed) socket.write(framed(message));
	};
	const proceed = () => {
		while (unanswered < mostUnanswered && socket.writableLength < mostUnsentBytes && !socket.destroyed) {
			const message = frames.shift();
			if (message === undefined) break;
			const made = reply(message);
			if (made === undefined) socket.destroy();
			else if (made instanceof Promise) {
				unanswered++;
				void made.then((late) => {
					unanswered--;
					send(late);
					proceed();
				});
			} else send(made);
		}
		if (frames.hasWhole) socket.pause();
		else socket.resume();
		if (ended && unanswered === 0 && !frames.hasWhole) socket.end();
	};
	socket.setTimeout(idleMs, () => socket.destroy());
	socket.on("error", () => socket.destroy());
	socket.on("drain", proceed);
	socket.on("data", (chunk) => {
		frames.push(chunk);
		proceed();
	});
	socket.on("end", () => {
		ended = true;
		proceed();
	});
}
