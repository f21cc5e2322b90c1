import { closeSync, constants, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import type { SeqPacket } from "../kernel/seq-packet.ts";
import { makeRaw } from "../kernel/terminal.ts";
import type { ConsoleView } from "../model/view.ts";
import { DetachKeys } from "./detach-keys.ts";
import type { Io } from "./io.ts";

/** A way of a person to a container. */
export interface Input {
	/** Settles when the person leaves, and only then: with the exit code of this process. */
	readonly left: Promise<number>;
	/** May be called again. */
	close(): void;
}

/** Hands every key to the container's terminal, which has this one's size. */
export function passKeys(io: Io, { controlFifo }: ConsoleView, link: SeqPacket): Input {
	const { promise: left, resolve } = Promise.withResolvers<number>();
	const keys = new DetachKeys();
	let sent: Promise<unknown> = Promise.resolve();
	const onTyped = (chunk: Buffer) => {
		const { typed, leaves } = keys.read(chunk);
		// One after the other, and without a halt: who wants to leave a container that reads nothing must be heard.
		if (typed.length > 0) sent = sent.then(() => link.send(typed));
		if (leaves) resolve(0);
	};
	const resize = () => {
		const { rows = 24, columns = 80 } = io.stdout;
		setSize(controlFifo, rows, columns);
	};
	const makeFormer = makeRaw(io.stdin.fd ?? 0);
	io.stdin.on("data", onTyped);
	const giveBack = io.onSignal(["SIGWINCH"], resize);
	resize();
	return {
		left,
		close() {
			giveBack();
			io.stdin.off("data", onTyped);
			makeFormer();
			io.stdin.pause();
		},
	};
}

function setSize(controlFifo: string, rows: number, columns: number): void {
	try {
		const fd = openSync(controlFifo, constants.O_WRONLY | constants.O_NONBLOCK);
		writeSync(fd, `1 ${rows} ${columns}\n`);
		closeSync(fd);
	} catch {
		// It has just ended.
	}
}

/** Hands over this process's stdin, where the container has one. */
export function passStdin(io: Io, { stdinFifo }: ConsoleView): Input {
	const left = new Promise<never>(() => {});
	if (stdinFifo === undefined) return { left, close() {} };
	const fifo = new Socket({ fd: openSync(stdinFifo, constants.O_WRONLY | constants.O_NONBLOCK), readable: false });
	// The container needs not take all of it.
	fifo.on("error", () => io.stdin.unpipe(fifo));
	io.stdin.pipe(fifo);
	return {
		left,
		close() {
			io.stdin.unpipe(fifo);
			fifo.destroy();
			io.stdin.pause();
		},
	};
}
