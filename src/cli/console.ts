import { closeSync, constants, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { SeqPacket } from "../kernel/seq-packet.ts";
import type { Service } from "../model/service.ts";
import type { ConsoleView } from "../model/view.ts";
import { DetachKeys } from "./detach-keys.ts";
import { type Io, note } from "./io.ts";

/** conmon sends at most so much at once, behind a byte that names the stream. */
const packetBytes = 32 * 1024 + 1;
const stderrPipe = 3;

/**
 * Starts a container with this process's terminal, or its streams, as the container's own, until it ends or Ctrl-P Ctrl-Q
 * leaves it. They go to conmon and not by the agent: a terminal stays when the agent goes.
 * @returns Its exit code; 0 when it was left.
 */
export async function withItsStreams({ containers }: Service, id: string, io: Io): Promise<number> {
	const console = await containers.console(id);
	const ending = new AbortController();
	// Asked for before it starts: one that is removed when it ends leaves nothing to ask for.
	const ended = containers.wait(id, ending.signal);
	ended.catch(() => {});
	const output = showOutput(io, console);
	const input = console.tty ? passKeys(io, console, output.link) : passStdin(io, console);
	const giveBack = console.tty
		? () => {}
		: io.onSignal(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"], (signal) => {
				// It may have ended in between: then its end is told below.
				containers.kill(id, { signal }).catch(() => {});
			});
	try {
		await containers.start(id);
		if ((await Promise.race([output.over, input.left])) !== "left") return (await ended).exitCode;
		note(io, `\nweft run: left it; the container goes on: weft stop ${id.slice(0, 12)}`);
		return 0;
	} finally {
		ending.abort();
		giveBack();
		input.close();
		output.link.close();
	}
}

/** Shows what it writes. @returns `over`: settles when it is done with its streams. */
function showOutput(io: Io, { attachSocket }: ConsoleView): { readonly link: SeqPacket; readonly over: Promise<void> } {
	const { promise: over, resolve } = Promise.withResolvers<void>();
	const link: SeqPacket = new SeqPacket({
		path: attachSocket,
		maxBytes: packetBytes,
		onPacket(packet) {
			const stream = packet[0] === stderrPipe ? io.stderr : io.stdout;
			if (stream.write(Buffer.from(packet.subarray(1)))) return true;
			stream.once("drain", () => link.resume());
			return false;
		},
		onEnd: resolve,
	});
	return { link, over };
}

interface Input {
	/** Settles when the person leaves, and only then. */
	readonly left: Promise<"left">;
	close(): void;
}

/** Hands every key to the container's terminal, which has this one's size. */
function passKeys(io: Io, { controlFifo }: ConsoleView, link: SeqPacket): Input {
	const { promise: left, resolve } = Promise.withResolvers<"left">();
	const keys = new DetachKeys();
	const onTyped = (chunk: Buffer) => {
		const { typed, leaves } = keys.read(chunk);
		if (typed.length > 0) void link.send(typed);
		if (leaves) resolve("left");
	};
	const resize = () => {
		const { rows = 24, columns = 80 } = io.stdout;
		setSize(controlFifo, rows, columns);
	};
	io.stdin.setRawMode?.(true);
	io.stdin.on("data", onTyped);
	const giveBack = io.onSignal(["SIGWINCH"], resize);
	resize();
	return {
		left,
		close() {
			giveBack();
			io.stdin.off("data", onTyped);
			io.stdin.setRawMode?.(false);
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

function passStdin(io: Io, { stdinFifo }: ConsoleView): Input {
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
