import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import pino from "pino";
import { netnsCookie } from "../kernel/netns.ts";
import { serviceManager } from "../kernel/sd-notify.ts";
import { tcpListenerIn, udpSocketIn } from "../kernel/sockets.ts";
import { growSlowly } from "../lib/frugal.ts";
import { nameserver } from "../model/endpoint.ts";
import { causeText, WeftError } from "../model/error.ts";
import { Forwarder } from "./forward.ts";
import { PictureFile } from "./picture-file.ts";
import { Lines, type PictureAck, type PictureMessage } from "./protocol.ts";
import { Resolvers } from "./resolvers.ts";
import { NamesServer } from "./server.ts";

export interface NamesOptions {
	/** Where the agent tells what there is. */
	readonly socketPath: string;
	/** Keeps the last picture, for a start while the agent is away. */
	readonly statePath: string;
}

const backlog = 64;

/**
 * Runs the process that answers names, until `signal` aborts.
 * @throws {WeftError} AGENT_ALREADY_RUNNING when another one serves at that socket.
 */
export async function runNames({ socketPath, statePath }: NamesOptions, signal: AbortSignal): Promise<void> {
	growSlowly();
	const manager = serviceManager();
	const log = pino({ name: "names" }, pino.destination({ fd: 2, sync: true }));
	const names = new NamesServer(new Forwarder(new Resolvers()), {
		udp: (netns) => udpSocketIn(netns, nameserver, 53),
		tcp: (netns) => tcpListenerIn(netns, nameserver, 53, backlog),
		cookie: netnsCookie,
	});
	const file = new PictureFile(statePath, (error) => log.warn({ cause: causeText(error) }, "cannot keep the picture"));
	const failed = names.apply(file.read(), true);
	if (Object.keys(failed).length > 0) log.warn({ failed }, "cannot serve some sandboxes of the last picture");
	await refuseSecond(socketPath);
	mkdirSync(dirname(socketPath), { recursive: true });
	rmSync(socketPath, { force: true });
	const server = createServer((socket) =>
		serveAgent(socket, names, ({ changes, whole }) => {
			if (whole) file.rewrite(names.changes());
			else file.append(changes, () => names.changes());
		}),
	);
	await new Promise<void>((resolve) => server.listen(socketPath, resolve));
	chmodSync(socketPath, 0o600);
	log.info({ socketPath }, "serving names");
	manager.tell("READY=1");
	const endWatch = manager.watch();
	await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
	manager.tell("STOPPING=1");
	endWatch();
	file.finish();
	server.close();
	names.close();
}

function serveAgent(socket: Socket, names: NamesServer, applied: (message: PictureMessage) => void): void {
	const lines = new Lines();
	socket.setEncoding("utf8");
	socket.on("error", () => socket.destroy());
	socket.on("data", (chunk: string) => {
		for (const line of lines.push(chunk)) {
			try {
				const message = JSON.parse(line) as PictureMessage;
				const { seq, whole, changes } = message;
				const ack: PictureAck = { seq, failed: names.apply(changes, whole), pid: process.pid };
				socket.write(`${JSON.stringify(ack)}\n`);
				applied(message);
			} catch (error) {
				socket.destroy(new Error(`a message that cannot be read: ${causeText(error)}`));
				return;
			}
		}
	});
}

function refuseSecond(socketPath: string): Promise<void> {
	return new Promise((resolve, reject) => {
		const probe = connect(socketPath);
		probe.once("error", () => resolve());
		probe.once("connect", () => {
			probe.destroy();
			reject(new WeftError("AGENT_ALREADY_RUNNING", `Cannot serve names: another process does, at ${socketPath}`));
		});
	});
}
