import { setTimeout as sleep } from "node:timers/promises";
import { SeqPacket } from "../kernel/seq-packet.ts";
import { isWeftError } from "../model/error.ts";
import type { ContainerService, Service } from "../model/service.ts";
import type { ConsoleView } from "../model/view.ts";
import { type Input, passKeys, passStdin } from "./console-input.ts";
import { type Io, note } from "./io.ts";

/** conmon sends at most so much at once, behind a byte that names the stream. */
const packetBytes = 32 * 1024 + 1;
const stderrPipe = 3;

const askAgainMs = 200;
/** An agent that is started again is back by then. */
const agentReturnsMs = 5_000;

/** A person who interrupts so often wants to go, whatever the container makes of it. */
const patience = 3;
const interrupted = 130;

/**
 * Starts a container with this process's terminal, or its streams, as the container's own, until it ends or is left: by
 * Ctrl-P Ctrl-Q on a terminal, else by interrupting it three times. They go to conmon and not by the agent: they stay when
 * the agent goes, and pass each byte as it is.
 * @returns Its exit code; when it was left, 0 or 130.
 */
export async function withItsStreams({ containers }: Service, id: string, io: Io): Promise<number> {
	const console = await containers.console(id);
	const ending = new AbortController();
	const output = showOutput(io, console);
	// Asked for before it starts: one that is removed when it ends leaves nothing to ask for.
	const ended = endOf(containers, id, { over: output.over, signal: ending.signal });
	ended.catch(() => {});
	const input = console.tty ? passKeys(io, console, output.link) : passStdin(io, console);
	const signals = console.tty ? nothing : passSignals(io, containers, id);
	try {
		await containers.start(id);
		const leftWith = await Promise.race([output.over, input.left, signals.left]);
		input.close();
		if (leftWith === undefined) return (await ended).exitCode;
		note(io, `\nweft run: left it; the container goes on: weft stop ${id.slice(0, 12)}`);
		return leftWith;
	} finally {
		ending.abort();
		signals.close();
		input.close();
		output.link.close();
	}
}

const nothing: Input = { left: new Promise(() => {}), close() {} };

/** How it ends, also when the agent goes and comes back meanwhile; one that is still away some time after the end is an error. */
async function endOf(
	containers: ContainerService,
	id: string,
	{ over, signal }: { readonly over: Promise<void>; readonly signal: AbortSignal },
): Promise<{ readonly exitCode: number }> {
	let deadline = Number.POSITIVE_INFINITY;
	void over.then(() => {
		deadline = performance.now() + agentReturnsMs;
	});
	for (;;) {
		try {
			return await containers.wait(id, signal);
		} catch (error) {
			if (!isWeftError(error, "AGENT_UNREACHABLE") || signal.aborted || performance.now() > deadline) throw error;
			await sleep(askAgainMs);
		}
	}
}

function passSignals(io: Io, containers: ContainerService, id: string): Input {
	const { promise: left, resolve } = Promise.withResolvers<number>();
	let interrupts = 0;
	const close = io.onSignal(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"], (signal) => {
		if (signal === "SIGINT" && ++interrupts >= patience) resolve(interrupted);
		// It may have ended in between: then its end is told.
		containers.kill(id, { signal }).catch(() => {});
	});
	return { left, close };
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
